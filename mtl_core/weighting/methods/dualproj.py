"""DualProj (Lopez-Paz & Ranzato: Gradient Episodic Memory for Continual Learning, NeurIPS 2017)."""

from mtl_core.spec.weighting import DualProjWeighting
from mtl_core.weighting.gradients.aggregation import GradientAggregation
from mtl_core.weighting.methods.upgrad import build_cone_projection
from mtl_core.weighting.setup import Setup


def build(spec: DualProjWeighting, setup: Setup) -> GradientAggregation:
    """Builds DualProj with the spec's preference and regularization."""
    return build_cone_projection(spec, setup, project_each=False)
