"""MGDA (Sener & Koltun: Multi-Task Learning as Multi-Objective Optimization, NeurIPS 2018)."""

from typing import Literal

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import MgdaWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated, Array, GramianAggregator
from mtl_core.weighting.setup import Setup
from mtl_core.weighting.solvers.min_norm import min_norm_weights

Normalization = Literal["none", "l2", "loss", "loss+"]


class MinNorm:
    """The shortest convex combination of the gradients, each divided by its normaliser first.

    The direction is the sum of w_i·g_i/n_i with the exact minimiser w, which adds up to 1 and is what is shown;
    n_i is 1, the gradient's norm, the loss, or loss × norm. A loss counts by its absolute value. A normaliser
    of 0 (or not finite) counts as 1. At a Pareto stationary point, so also when a gradient is zero, the
    direction is zero. Gradients that are not finite get equal weights, and the direction is not finite either.

    Args:
        normalization: What the gradients are divided by.
    """

    def __init__(self, normalization: Normalization) -> None:
        self._normalization = normalization

    def __call__(self, gramian: Array, losses: Tensor) -> tuple[Array, Array]:
        """What each gradient is multiplied by, and the weights, [K] each.

        Args:
            gramian: [K, K] inner products.
            losses: [K].
        """
        if self._normalization == "none":
            weights = min_norm_weights(gramian)
            return weights, weights
        scale = 1 / self._normaliser(np.sqrt(gramian.diagonal()), losses)
        weights = min_norm_weights(gramian * scale * scale[:, None])
        return weights * scale, weights

    def _normaliser(self, norms: Array, losses: Tensor) -> Array:
        chosen = np.ones_like(norms)
        if self._normalization != "l2":
            chosen *= np.abs(losses.double().cpu().numpy())
        if self._normalization != "loss":
            chosen *= norms
        return np.where((chosen > 0) & np.isfinite(chosen), chosen, 1.0)


def build(spec: MgdaWeighting, setup: Setup) -> Aggregated:
    """With the spec's normalisation."""
    return Aggregated(GramianAggregator(MinNorm(spec.normalization)), setup.ones / len(setup.names))
