"""CAGrad (Liu, Liu, Jin, Stone & Liu: Conflict-Averse Gradient Descent for Multi-task Learning, NeurIPS 2021)."""

import math
from typing import Literal

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import CaGradWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated, Array, GramianAggregator
from mtl_core.weighting.setup import Setup
from mtl_core.weighting.solvers.max_min_in_ball import conflict_averse_weights

_VANISHED = 1e-7
"""A combination this short, against the shortest row's share of it, is taken for zero."""


class ConflictAverse:
    """d = g_0 + c·abs(g_0)·g_w/abs(g_w) with g_0 the mean gradient and w the exact minimiser of its dual problem.

    The weights shown are those of d. Where g_w vanishes (at a Pareto stationary point, so also when a gradient is
    zero) no step within the ball is good for every task, and the direction is zero. Gradients that are not finite
    are averaged.

    Args:
        c: The ball's radius, in lengths of the mean gradient.
        rescale: ``square`` divides the direction by 1 + c² and ``linear`` by 1 + c, as some of the authors' code.
    """

    def __init__(self, c: float, rescale: Literal["none", "square", "linear"]) -> None:
        self._c = c
        self._divisor = {"none": 1.0, "square": 1 + c * c, "linear": 1 + c}[rescale]

    def __call__(self, gramian: Array, _losses: Tensor) -> tuple[Array, Array]:
        """The weights of the direction.

        Args:
            gramian: [K, K] inner products.
        """
        count = len(gramian)
        factors = np.full(count, 1 / count)
        centre = gramian @ factors
        radius = self._c * math.sqrt(max(float(factors @ centre), 0.0))
        if radius > 0 and math.isfinite(radius):
            factors = self._averse(gramian, centre, radius)
        return factors / self._divisor, factors / self._divisor

    def _averse(self, gramian: Array, centre: Array, radius: float) -> Array:
        weights = conflict_averse_weights(gramian, centre, radius)
        length = math.sqrt(max(float(weights @ gramian @ weights), 0.0))
        parts = weights * np.sqrt(gramian.diagonal())
        if length <= _VANISHED * parts.max():
            return np.zeros(len(weights))
        return np.asarray(1 / len(weights) + radius / length * weights)


def build(spec: CaGradWeighting, setup: Setup) -> Aggregated:
    """With the spec's radius and scale."""
    return Aggregated(GramianAggregator(ConflictAverse(spec.c, spec.rescale)), setup.ones / len(setup.names))
