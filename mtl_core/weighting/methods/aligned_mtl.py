"""Aligned-MTL (Senushkin, Patakin, Kuznetsov & Konushin: Independent Component Alignment, CVPR 2023)."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import AlignedMtlWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import Array, GradientAggregation, GramianAggregator
from mtl_core.weighting.solvers.row_scaling import eigh, select_tasks

ScaleMode = Literal["min", "median", "rmse"]


class AlignedMtlAggregator(GramianAggregator):
    """Averages the gradients after scaling their principal components to equal length.

    With G = VSV' the weights are s·V·S^(-1/2)·V'·p/K, p the preference and s the root of the smallest, the (lower)
    median or the mean eigenvalue. Eigenvalues below K times float64's precision of the largest count as 0. The
    plain mean is taken of gradients that are all zero or not finite.

    Args:
        preference: [K] how much each task matters, 1 being neutral.
        scale_mode: The component whose length all are scaled to.
    """

    def __init__(self, preference: Array, scale_mode: ScaleMode) -> None:
        self._preference = preference
        self._mode = scale_mode

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The weights of the aligned mean, equal to the factors."""
        weights = select_tasks(self._preference, rows) / len(gramian)
        if np.isfinite(gramian).all():
            weights = self._align(gramian, weights)
        return weights, weights

    def _align(self, gramian: Array, weights: Array) -> Array:
        values, vectors = eigh(gramian)
        significant = values > values[-1] * len(values) * np.finfo(float).eps
        if not significant.any():
            return weights
        values, vectors = values[significant], vectors[:, significant]
        match self._mode:
            case "min":
                scale = values[0]
            case "median":
                scale = values[(len(values) - 1) // 2]
            case "rmse":
                scale = values.mean()
        return np.asarray(vectors @ (np.sqrt(scale / values) * (vectors.T @ weights)))


def build(spec: AlignedMtlWeighting, context: WeightingContext) -> GradientAggregation:
    """Build Aligned-MTL with the spec's scale and preference."""
    preference = context.per_task(spec.preference, "preference").double().cpu().numpy()
    return GradientAggregation(AlignedMtlAggregator(preference, spec.scale_mode), context.ones / len(context.names))
