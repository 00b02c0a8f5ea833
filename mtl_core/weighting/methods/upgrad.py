"""UPGrad (Quinton & Rey: Jacobian Descent for Multi-Objective Optimization, 2024)."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from mtl_core.spec.weighting import DualProjWeighting, UpGradWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import Array, GradientAggregation, GramianAggregator
from mtl_core.weighting.solvers.dual_cone import cone_weights
from mtl_core.weighting.solvers.row_scaling import lengths_and_cosines, select_tasks


class ConeProjectionAggregator(GramianAggregator):
    """Projects gradients onto the dual cone, the directions that conflict with no task's gradient, exactly.

    UPGrad projects each gradient, times p/K, and sums the projections; DualProj projects their sum. At a Pareto
    stationary point in general position the result is zero. Non-finite gradients are averaged.

    Args:
        spec: ``reg_eps`` is added to the diagonal of the Gramian divided by its trace; above 0 the cone is not
            exact. If the Gramian's trace is below ``norm_eps``, nothing is projected.
        preference: [K] p, the relative importance of each task; 1 is neutral.
        project_each: Whether to project each gradient (UPGrad), or their sum (DualProj).
    """

    def __init__(self, spec: UpGradWeighting | DualProjWeighting, preference: Array, *, project_each: bool) -> None:
        self._spec = spec
        self._preference = preference
        self._project_each = project_each

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The weights of the projection, or of the sum of the projections; equal to the factors."""
        weights = select_tasks(self._preference, rows) / len(gramian)
        size = gramian.trace()  # non-finite if any gradient is
        if np.isfinite(size) and size > 0 and size >= self._spec.norm_eps:
            weights = self._project(gramian, weights)
        return weights, weights

    def _project(self, gramian: Array, weights: Array) -> Array:
        if self._spec.reg_eps:
            gramian = gramian / gramian.trace() + self._spec.reg_eps * np.eye(len(gramian))
        lengths, cosines = lengths_and_cosines(gramian)
        nonzero = lengths > 0
        starts = weights * lengths
        if self._project_each:
            weights_on_units = starts @ cone_weights(cosines, np.eye(len(lengths)))
        else:
            size = starts.sum()
            weights_on_units = size * cone_weights(cosines, starts[None] / size)[0] if size > 0 else starts
        return np.where(nonzero, weights_on_units / np.where(nonzero, lengths, 1.0), weights)


def build(spec: UpGradWeighting, context: WeightingContext) -> GradientAggregation:
    """Build UPGrad with the spec's preference and regularization."""
    return build_cone_projection(spec, context, project_each=True)


def build_cone_projection(
    spec: UpGradWeighting | DualProjWeighting, context: WeightingContext, *, project_each: bool
) -> GradientAggregation:
    """Build UPGrad or DualProj; ``project_each`` as of :class:`ConeProjectionAggregator`."""
    preference = context.per_task(spec.preference, "preference").double().cpu().numpy()
    return GradientAggregation(
        ConeProjectionAggregator(spec, preference, project_each=project_each), context.ones / len(context.names)
    )
