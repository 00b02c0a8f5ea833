"""MMoE (Ma et al.: Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts, KDD 2018)."""

from mtl_core.architectures.components.experts import ExpertsModel
from mtl_core.architectures.components.mixtures import build_mixture
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.spec.sharing.mmoe import Mmoe


def build(plan: ModelPlan) -> ExpertsModel:
    """Builds the experts, and a gate per task over all of them."""
    assert isinstance(plan.sharing, Mmoe)
    return build_mixture(plan, [plan.shared], shared=plan.sharing.experts)
