"""CAGrad (Liu, Liu, Jin, Stone & Liu: Conflict-Averse Gradient Descent for Multi-task Learning, NeurIPS 2021)."""

import math
from typing import Literal

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import CaGradWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import Array, GradientAggregation, RuleAggregator
from mtl_core.weighting.solvers.max_min_in_ball import conflict_averse_weights

_ZERO_LENGTH = 1e-7
"""Relative to its longest term, a combination this short counts as zero."""


class CaGradRule:
    """d = g_0 + c·abs(g_0)·g_w/abs(g_w) with g_0 the mean gradient and w the exact minimizer of its dual problem.

    The reported weights are those of d. Where g_w vanishes (at a Pareto stationary point, so also when a gradient is
    zero) no step within the ball improves every task, and the direction is zero. Gradients that are not finite
    are averaged.

    Args:
        c: The ball's radius relative to the length of the mean gradient.
        rescale: ``square`` divides the direction by 1 + c² and ``linear`` by 1 + c, as in the authors' code.
    """

    def __init__(self, c: float, rescale: Literal["none", "square", "linear"]) -> None:
        self._c = c
        self._divisor = {"none": 1.0, "square": 1 + c * c, "linear": 1 + c}[rescale]

    def __call__(self, gramian: Array, _losses: Tensor) -> tuple[Array, Array]:
        """Compute the weights of the direction, equal to its factors.

        Args:
            gramian: [K, K] inner products.
        """
        count = len(gramian)
        factors = np.full(count, 1 / count)
        mean_products = gramian @ factors
        radius = self._c * math.sqrt(max(float(factors @ mean_products), 0.0))
        if radius > 0 and math.isfinite(radius):
            factors = self._conflict_averse_factors(gramian, mean_products, radius)
        return factors / self._divisor, factors / self._divisor

    def _conflict_averse_factors(self, gramian: Array, mean_products: Array, radius: float) -> Array:
        weights = conflict_averse_weights(gramian, mean_products, radius)
        length = math.sqrt(max(float(weights @ gramian @ weights), 0.0))
        terms = weights * np.sqrt(gramian.diagonal())
        if length <= _ZERO_LENGTH * terms.max():
            return np.zeros(len(weights))
        return np.asarray(1 / len(weights) + radius / length * weights)


def build(spec: CaGradWeighting, context: WeightingContext) -> GradientAggregation:
    """Build CAGrad with the spec's radius and scale."""
    return GradientAggregation(RuleAggregator(CaGradRule(spec.c, spec.rescale)), context.ones / len(context.names))
