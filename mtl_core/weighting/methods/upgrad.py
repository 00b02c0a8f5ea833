"""UPGrad (Quinton & Rey: Jacobian Descent for Multi-Objective Optimization, 2024)."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import UpGradWeighting
from mtl_core.weighting.aggregated import Aggregated, Array, GramianMethod
from mtl_core.weighting.build import Setup
from mtl_core.weighting.cosines import chosen, split_lengths
from mtl_core.weighting.dual_cone import cone_weights


class Projected(GramianMethod):
    """Gradients projected onto the cone of directions that work against no task, exactly.

    UPGrad projects each gradient, times p/K, and adds the projections up; DualProj projects their sum. At a Pareto
    stationary point in general position that is zero. Gradients that are not finite are averaged.

    Args:
        preference: [K] p, how much each task matters, 1 being neutral.
        reg_eps: Added to the diagonal of the Gramian divided by its trace; with more than 0 the cone is not exact.
        each: Whether each gradient is projected, or their sum.
    """

    def __init__(self, preference: Array, reg_eps: float, *, each: bool) -> None:
        self._preference = preference
        self._reg_eps = reg_eps
        self._each = each

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The weights of the projection, or of the sum of the projections."""
        weights = chosen(self._preference, rows) / len(gramian)
        if np.isfinite(gramian).all() and gramian.diagonal().any():
            weights = self._projected(gramian, weights)
        return weights, weights

    def _projected(self, gramian: Array, weights: Array) -> Array:
        if self._reg_eps:
            gramian = gramian / gramian.trace() + self._reg_eps * np.eye(len(gramian))
        lengths, cosines = split_lengths(gramian)
        there = lengths > 0
        starts = weights * lengths
        if self._each:
            found = starts @ cone_weights(cosines, np.eye(len(lengths)))
        else:
            size = starts.sum()
            found = size * cone_weights(cosines, starts[None] / size)[0] if size > 0 else starts
        return np.where(there, found / np.where(there, lengths, 1.0), weights)


def build(spec: UpGradWeighting, setup: Setup) -> Aggregated:
    """With the spec's preference and regularisation."""
    preference = setup.per_task(spec.preference, "preference").double().cpu().numpy()
    return Aggregated(Projected(preference, spec.reg_eps, each=True), setup.ones / len(setup.names))
