"""Nash-MTL (Navon, Shamsian, Achituve et al.: Multi-Task Learning as a Bargaining Game, ICML 2022)."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mtl_core.spec.weighting import NashMtlWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import Array, GradientAggregation, GramianAggregator
from mtl_core.weighting.solvers.nash import bargaining_weights
from mtl_core.weighting.solvers.row_scaling import select_tasks


class NashMtlAggregator(GramianAggregator):
    """Nash-MTL: computes the Nash bargaining solution, weights a > 0 with Ga = 1/a, exactly.

    The length of the step does not depend on the gradients' lengths: it is the root of K, or ``max_norm`` if that
    is shorter. At a Pareto stationary point (including a zero gradient) no solution exists and the
    direction is zero. Between the steps that solve the problem the previous weights are used; a task without
    one makes it be solved at once. Non-finite gradients are summed, without any change of state.

    Args:
        tasks: K.
        max_norm: Maximum length of the step; 0 means no limit.
        update_every: Number of steps from one solution to the next.
    """

    def __init__(self, tasks: int, max_norm: float, update_every: int) -> None:
        self._max_norm = max_norm
        self._every = update_every
        self._weights = torch.full((tasks,), torch.nan, dtype=torch.float64)
        self._calls = torch.zeros((), dtype=torch.int64)

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The weights of the bargaining solution, scaled to the maximum length of the step; equal to the factors."""
        task_weights = self._weights.numpy()
        tasks = list(range(len(task_weights)) if rows is None else rows)
        if not np.isfinite(gramian).all():
            return np.ones(len(tasks)), np.ones(len(tasks))
        if int(self._calls) % self._every == 0 or np.isnan(task_weights[tasks]).any():
            task_weights[tasks] = bargaining_weights(gramian, 1.0)
        self._calls += 1
        weights = select_tasks(task_weights, tasks)
        with np.errstate(over="ignore", invalid="ignore"):  # a step of infinite length is not scaled
            length = math.sqrt(max(float(weights @ gramian @ weights), 0.0))
        if 0 < self._max_norm < length < math.inf:
            weights = weights * (self._max_norm / length)
        return weights, weights

    def buffers(self) -> dict[str, Tensor]:
        """The last solution's weights, [K], and the number of steps."""
        return {"bargain": self._weights, "calls": self._calls}


def build(spec: NashMtlWeighting, context: WeightingContext) -> GradientAggregation:
    """Build Nash-MTL with the spec's maximum length and interval."""
    return GradientAggregation(NashMtlAggregator(len(context.names), spec.max_norm, spec.update_every), context.ones)
