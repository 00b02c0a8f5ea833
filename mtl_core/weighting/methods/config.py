"""ConFIG (Liu, Chu & Thuerey: Conflict-free Training of Physics Informed Neural Networks, ICLR 2025)."""

import math
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import ConfigWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated, Array, GramianMethod
from mtl_core.weighting.setup import Setup
from mtl_core.weighting.solvers.row_scaling import chosen, pseudo_solve, split_lengths

_OPPOSED = 1e-7
"""A solution this short is what rounding leaves of gradients that cancel."""


class ConflictFree(GramianMethod):
    """d = (sum of g_i·u)·u, where u is the unit vector with the same cosine p to every gradient.

    On unit gradients U it is pinv(U)·p, taken from their cosines: dependent gradients have the least-squares
    solution. A zero gradient takes no part; where all are zero, or cancel, the direction is zero. Gradients that
    are not finite are summed.

    Args:
        preference: [K] the relative cosines.
    """

    def __init__(self, preference: Array) -> None:
        self._preference = preference

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The weights of the direction."""
        weights = np.ones(len(gramian))
        if np.isfinite(gramian).all():
            weights = self._free(gramian, chosen(self._preference, rows))
        return weights, weights

    def _free(self, gramian: Array, preference: Array) -> Array:
        lengths, cosines = split_lengths(gramian)
        weights = np.zeros(len(lengths))
        there = np.flatnonzero(lengths)
        if len(there):
            lengths, cosines = lengths[there], cosines[np.ix_(there, there)]
            mixed = pseudo_solve(cosines, preference[there])
            products = cosines @ mixed
            size = math.sqrt(max(float(mixed @ products), 0.0))
            if size > _OPPOSED * math.sqrt(len(there)) * float(np.abs(preference[there]).max()):
                weights[there] = float(lengths @ products) / size**2 * mixed / lengths
        return weights


def build(spec: ConfigWeighting, setup: Setup) -> Aggregated:
    """With the spec's preference."""
    preference = setup.per_task(spec.preference, "preference").double().cpu().numpy()
    return Aggregated(ConflictFree(preference), setup.ones)
