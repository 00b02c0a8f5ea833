"""DualProj (Lopez-Paz & Ranzato: Gradient Episodic Memory for Continual Learning, NeurIPS 2017)."""

from mtl_core.spec.weighting import DualProjWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated
from mtl_core.weighting.methods.upgrad import projected
from mtl_core.weighting.setup import Setup


def build(spec: DualProjWeighting, setup: Setup) -> Aggregated:
    """With the spec's preference and regularisation."""
    return projected(spec, setup, each=False)
