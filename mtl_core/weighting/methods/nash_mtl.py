"""Nash-MTL (Navon, Shamsian, Achituve et al.: Multi-Task Learning as a Bargaining Game, ICML 2022)."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mtl_core.spec.weighting import NashMtlWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated, Array, GramianMethod
from mtl_core.weighting.setup import Setup
from mtl_core.weighting.solvers.nash import balanced_weights
from mtl_core.weighting.solvers.row_scaling import chosen


class Bargain(GramianMethod):
    """The step of the Nash bargaining solution: weights a > 0 with Ga = 1/a, solved exactly.

    The length of the step does not depend on the gradients' lengths: it is the root of K, or ``max_norm`` if that
    is shorter. At a Pareto stationary point (so also when a gradient is zero) there is no bargain and the
    direction is zero. Between the steps in which the bargain is struck the old weights are used; a task that was
    not there then makes it be struck at once. Gradients that are not finite are summed, and nothing is kept of them.

    Args:
        tasks: K.
        max_norm: The longest step; 0 does not limit it.
        update_every: In every how many steps the bargain is struck.
    """

    def __init__(self, tasks: int, max_norm: float, update_every: int) -> None:
        self._max_norm = max_norm
        self._every = update_every
        self._weights = torch.full((tasks,), torch.nan, dtype=torch.float64)
        self._calls = torch.zeros((), dtype=torch.int64)

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The bargain's weights, shortened with the step."""
        stored = self._weights.numpy()
        part = list(range(len(stored)) if rows is None else rows)
        if not np.isfinite(gramian).all():
            return np.ones(len(part)), np.ones(len(part))
        if int(self._calls) % self._every == 0 or np.isnan(stored[part]).any():
            stored[part] = balanced_weights(gramian, 1.0)
        self._calls += 1
        weights = chosen(stored, part)
        with np.errstate(over="ignore", invalid="ignore"):  # a step of endless length is left as it is
            length = math.sqrt(max(float(weights @ gramian @ weights), 0.0))
        if 0 < self._max_norm < length < math.inf:
            weights = weights * (self._max_norm / length)
        return weights, weights

    def memory(self) -> dict[str, Tensor]:
        """The weights of the last bargain, [K], and the number of steps."""
        return {"bargain": self._weights, "calls": self._calls}


def build(spec: NashMtlWeighting, setup: Setup) -> Aggregated:
    """With the spec's longest step and interval."""
    return Aggregated(Bargain(len(setup.names), spec.max_norm, spec.update_every), setup.ones)
