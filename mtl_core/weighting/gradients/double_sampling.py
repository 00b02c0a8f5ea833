"""Base class of methods that compute unbiased weights by sampling the gradients on independent parts of a batch."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mtl_core.weighting.gradients.aggregation import Aggregator
from mtl_core.weighting.gradients.products import cross_gramian
from mtl_core.weighting.solvers.row_scaling import Array, select_tasks


class DoubleSamplingAggregator(Aggregator):
    """Sums a third part's gradients with weights updated by the inner products of the first two parts' gradients.

    A single Jacobian stands in for all three parts. The weights are kept between steps; they are at least 0 and add
    up to 1; the tasks of a batch redistribute their own part of that sum. A step with non-finite inner products does
    not change them.

    Args:
        tasks: K.
    """

    batch_parts = 3

    def __init__(self, tasks: int) -> None:
        self._task_weights = torch.full((tasks,), 1 / tasks, dtype=torch.float64)

    @abstractmethod
    def update_weights(self, weights: Array, products: Array, rows: Sequence[int] | None) -> Array:
        """[K] the next weights, from the last ones and the inner products J1·J2', [K, K]."""

    def factors(self, weights: Array, rows: Sequence[int] | None) -> Array:
        """[K] the factors of the gradients."""
        return weights

    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The weighted sum from a single Jacobian."""
        return self.combine_parts([jacobian] * self.batch_parts, losses, rows)

    def combine_parts(
        self, jacobians: Sequence[Tensor], losses: Tensor, rows: Sequence[int] | None = None
    ) -> tuple[Tensor, Tensor]:
        """The weighted sum of the third part's gradients."""
        products = cross_gramian(jacobians[0], jacobians[1]).cpu().numpy()
        task_weights = self._task_weights.numpy()
        tasks = list(range(len(task_weights)) if rows is None else rows)
        mass = task_weights[tasks].sum()
        weights = task_weights[tasks] / mass if mass > 0 else np.full(len(tasks), 1 / len(tasks))
        if np.isfinite(products).all():
            weights = self.update_weights(weights, products, rows)
            task_weights[tasks] = mass * weights
        factors = torch.from_numpy(self.factors(weights, rows))
        return factors.to(jacobians[2]) @ jacobians[2], factors.to(losses)

    def buffers(self) -> dict[str, Tensor]:
        """The weights, [K]."""
        return {"shares": self._task_weights}


def normalize_preference(preference: Array, rows: Sequence[int] | None) -> Array:
    """[K] the preference of the tasks in the batch, scaled to add up to 1."""
    values = select_tasks(preference, rows)
    total = values.sum()
    return values / total if total > 0 else np.full(len(values), 1 / len(values))
