"""UPGrad (Quinton & Rey: Jacobian Descent for Multi-Objective Optimization, 2024)."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import DualProjWeighting, UpGradWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated, Array, GramianMethod
from mtl_core.weighting.setup import Setup
from mtl_core.weighting.solvers.dual_cone import cone_weights
from mtl_core.weighting.solvers.row_scaling import chosen, split_lengths


class Projected(GramianMethod):
    """Gradients projected onto the cone of directions that work against no task, exactly.

    UPGrad projects each gradient, times p/K, and adds the projections up; DualProj projects their sum. At a Pareto
    stationary point in general position that is zero. Gradients that are not finite are averaged.

    Args:
        spec: ``reg_eps`` is added to the diagonal of the Gramian divided by its trace; with more than 0 the cone is not
            exact. A Gramian of a trace below ``norm_eps`` is left as it is.
        preference: [K] p, how much each task matters, 1 being neutral.
        each: Whether each gradient is projected, or their sum.
    """

    def __init__(self, spec: UpGradWeighting | DualProjWeighting, preference: Array, *, each: bool) -> None:
        self._spec = spec
        self._preference = preference
        self._each = each

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The weights of the projection, or of the sum of the projections."""
        weights = chosen(self._preference, rows) / len(gramian)
        size = gramian.trace()  # not finite where one gradient is not
        if np.isfinite(size) and size > 0 and size >= self._spec.norm_eps:
            weights = self._projected(gramian, weights)
        return weights, weights

    def _projected(self, gramian: Array, weights: Array) -> Array:
        if self._spec.reg_eps:
            gramian = gramian / gramian.trace() + self._spec.reg_eps * np.eye(len(gramian))
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
    return projected(spec, setup, each=True)


def projected(spec: UpGradWeighting | DualProjWeighting, setup: Setup, *, each: bool) -> Aggregated:
    """Either of the two; arguments of :class:`Projected`."""
    preference = setup.per_task(spec.preference, "preference").double().cpu().numpy()
    return Aggregated(Projected(spec, preference, each=each), setup.ones / len(setup.names))
