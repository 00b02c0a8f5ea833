"""Methods that take their weights from independent parts of a batch, so that noise does not bias them."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mtl_core.weighting.gradients.aggregation import Aggregator
from mtl_core.weighting.gradients.products import products_of
from mtl_core.weighting.solvers.row_scaling import Array, chosen


class DoubleSampling(Aggregator):
    """The gradients of a third part, by weights from the products of those of the first two.

    Where there is one Jacobian only it stands for all three parts. The weights stay between steps; they are 0 or
    more and add up to 1, among the tasks in the batch in as far as their shares go. A step with products that are
    not finite leaves them as they are.

    Args:
        tasks: K.
    """

    parts = 3

    def __init__(self, tasks: int) -> None:
        self._shares = torch.full((tasks,), 1 / tasks, dtype=torch.float64)

    @abstractmethod
    def moved(self, shares: Array, products: Array, rows: Sequence[int] | None) -> Array:
        """[K] the next weights, from the last ones and the products J1·J2', [K, K]."""

    def used(self, shares: Array, rows: Sequence[int] | None) -> Array:
        """[K] what the gradients are multiplied by."""
        return shares

    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The weighted sum from one Jacobian."""
        return self.combine_parts([jacobian] * self.parts, losses, rows)

    def combine_parts(
        self, jacobians: Sequence[Tensor], losses: Tensor, rows: Sequence[int] | None = None
    ) -> tuple[Tensor, Tensor]:
        """The weighted sum of the third part's gradients."""
        products = products_of(jacobians[0], jacobians[1]).cpu().numpy()
        stored = self._shares.numpy()
        part = list(range(len(stored)) if rows is None else rows)
        mass = stored[part].sum()
        shares = stored[part] / mass if mass > 0 else np.full(len(part), 1 / len(part))
        if np.isfinite(products).all():
            shares = self.moved(shares, products, rows)
            stored[part] = mass * shares
        weights = torch.from_numpy(self.used(shares, rows))
        return weights.to(jacobians[2]) @ jacobians[2], weights.to(losses)

    def memory(self) -> dict[str, Tensor]:
        """The weights, [K]."""
        return {"shares": self._shares}


def normalised(preference: Array, rows: Sequence[int] | None) -> Array:
    """[K] the preference of the tasks in the batch, adding up to 1."""
    values = chosen(preference, rows)
    total = values.sum()
    return values / total if total > 0 else np.full(len(values), 1 / len(values))
