"""MGDA (Sener & Koltun: Multi-Task Learning as Multi-Objective Optimization, NeurIPS 2018)."""

from typing import Literal

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import MgdaWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import Array, GradientAggregation, RuleAggregator
from mtl_core.weighting.solvers.min_norm import min_norm_weights

Normalization = Literal["none", "l2", "loss", "loss+"]


class MgdaRule:
    """MGDA: computes the shortest convex combination of the gradients, each divided by its normalizer first.

    The direction is the sum of w_i·g_i/n_i with the exact minimizer w, which adds up to 1 and is reported;
    n_i is 1, the gradient's norm, the loss, or loss × norm. A loss counts by its absolute value. A normalizer
    of 0 (or not finite) counts as 1. At a Pareto stationary point, so also when a gradient is zero, the
    direction is zero. Non-finite gradients get equal weights and give a non-finite direction.

    Args:
        normalization: The divisor of each gradient.
    """

    def __init__(self, normalization: Normalization) -> None:
        self._normalization = normalization

    def __call__(self, gramian: Array, losses: Tensor) -> tuple[Array, Array]:
        """Compute the factor of each gradient, and the weights to report, [K] each.

        Args:
            gramian: [K, K] inner products.
            losses: [K].
        """
        if self._normalization == "none":
            weights = min_norm_weights(gramian)
            return weights, weights
        scale = 1 / self._divisors(np.sqrt(gramian.diagonal()), losses)
        weights = min_norm_weights(gramian * scale * scale[:, None])
        return weights * scale, weights

    def _divisors(self, norms: Array, losses: Tensor) -> Array:
        divisors = np.ones_like(norms)
        if self._normalization != "l2":
            divisors *= np.abs(losses.double().cpu().numpy())
        if self._normalization != "loss":
            divisors *= norms
        return np.where((divisors > 0) & np.isfinite(divisors), divisors, 1.0)


def build(spec: MgdaWeighting, context: WeightingContext) -> GradientAggregation:
    """Build MGDA with the spec's normalization."""
    return GradientAggregation(RuleAggregator(MgdaRule(spec.normalization)), context.ones / len(context.names))
