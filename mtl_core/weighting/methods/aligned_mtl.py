"""Aligned-MTL (Senushkin, Patakin, Kuznetsov & Konushin: Independent Component Alignment, CVPR 2023)."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import AlignedMtlWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated, Array, GramianMethod
from mtl_core.weighting.setup import Setup
from mtl_core.weighting.solvers.row_scaling import chosen, eigen

ScaleMode = Literal["min", "median", "rmse"]


class Aligned(GramianMethod):
    """The mean of the gradients after their principal components were brought to one length.

    With G = VSV' the weights are s·V·S^(-1/2)·V'·p/K, p the preference and s the root of the smallest, the (lower)
    median or the mean eigenvalue. Eigenvalues below K times float64's precision of the largest count as 0. The
    mean of zero gradients, or of such that are not finite, is left as it is.

    Args:
        preference: [K] how much each task matters, 1 being neutral.
        scale_mode: Which component the others are brought to.
    """

    def __init__(self, preference: Array, scale_mode: ScaleMode) -> None:
        self._preference = preference
        self._mode = scale_mode

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The weights of the aligned mean."""
        weights = chosen(self._preference, rows) / len(gramian)
        if np.isfinite(gramian).all():
            weights = self._aligned(gramian, weights)
        return weights, weights

    def _aligned(self, gramian: Array, weights: Array) -> Array:
        values, vectors = eigen(gramian)
        kept = values > values[-1] * len(values) * np.finfo(float).eps
        if not kept.any():
            return weights
        values, vectors = values[kept], vectors[:, kept]
        match self._mode:
            case "min":
                scale = values[0]
            case "median":
                scale = values[(len(values) - 1) // 2]
            case "rmse":
                scale = values.mean()
        return np.asarray(vectors @ (np.sqrt(scale / values) * (vectors.T @ weights)))


def build(spec: AlignedMtlWeighting, setup: Setup) -> Aggregated:
    """With the spec's scale and preference."""
    preference = setup.per_task(spec.preference, "preference").double().cpu().numpy()
    return Aggregated(Aligned(preference, spec.scale_mode), setup.ones / len(setup.names))
