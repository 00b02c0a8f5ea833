"""DualProj (Lopez-Paz & Ranzato: Gradient Episodic Memory for Continual Learning, NeurIPS 2017)."""

from mtl_core.spec.weighting import DualProjWeighting
from mtl_core.weighting.aggregated import Aggregated
from mtl_core.weighting.build import Setup
from mtl_core.weighting.methods.upgrad import Projected


def build(spec: DualProjWeighting, setup: Setup) -> Aggregated:
    """With the spec's preference and regularisation."""
    preference = setup.per_task(spec.preference, "preference").double().cpu().numpy()
    return Aggregated(Projected(preference, spec.reg_eps, each=False), setup.ones / len(setup.names))
