"""DualProj (Lopez-Paz & Ranzato: Gradient Episodic Memory for Continual Learning, NeurIPS 2017)."""

from mtl_core.spec.weighting import DualProjWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import GradientAggregation
from mtl_core.weighting.methods.upgrad import build_cone_projection


def build(spec: DualProjWeighting, context: WeightingContext) -> GradientAggregation:
    """Build DualProj with the spec's preference and regularization."""
    return build_cone_projection(spec, context, project_each=False)
