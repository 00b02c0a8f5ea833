"""ConFIG (Liu, Chu & Thuerey: Conflict-free Training of Physics Informed Neural Networks, ICLR 2025)."""

import math
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import ConfigWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import Array, GradientAggregation, GramianAggregator
from mtl_core.weighting.solvers.row_scaling import lengths_and_cosines, pseudo_solve, select_tasks

_ZERO_LENGTH = 1e-7
"""A solution this short is the rounding error of gradients that cancel."""


class ConflictFreeAggregator(GramianAggregator):
    """ConFIG: d = (sum of g_i·u)·u, where u is the unit vector with the same cosine p to every gradient.

    On unit gradients U it is pinv(U)·p, taken from their cosines: dependent gradients have the least-squares
    solution. A zero gradient is ignored; where all are zero, or cancel, the direction is zero. Gradients that
    are not finite are summed.

    Args:
        preference: [K] the relative cosines.
    """

    def __init__(self, preference: Array) -> None:
        self._preference = preference

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The weights of the direction, equal to the factors."""
        weights = np.ones(len(gramian))
        if np.isfinite(gramian).all():
            weights = self._conflict_free_weights(gramian, select_tasks(self._preference, rows))
        return weights, weights

    def _conflict_free_weights(self, gramian: Array, preference: Array) -> Array:
        lengths, cosines = lengths_and_cosines(gramian)
        weights = np.zeros(len(lengths))
        nonzero = np.flatnonzero(lengths)
        if len(nonzero):
            lengths, cosines = lengths[nonzero], cosines[np.ix_(nonzero, nonzero)]
            solution = pseudo_solve(cosines, preference[nonzero])
            products = cosines @ solution
            length = math.sqrt(max(float(solution @ products), 0.0))
            if length > _ZERO_LENGTH * math.sqrt(len(nonzero)) * float(np.abs(preference[nonzero]).max()):
                weights[nonzero] = float(lengths @ products) / length**2 * solution / lengths
        return weights


def build(spec: ConfigWeighting, context: WeightingContext) -> GradientAggregation:
    """Build ConFIG with the spec's preference."""
    preference = context.per_task(spec.preference, "preference").double().cpu().numpy()
    return GradientAggregation(ConflictFreeAggregator(preference), context.ones)
