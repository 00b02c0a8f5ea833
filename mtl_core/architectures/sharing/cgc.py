"""Customized gate control (Tang et al.: Progressive Layered Extraction, RecSys 2020)."""

from mtl_core.architectures.components.experts import ExpertsModel
from mtl_core.architectures.components.mixtures import build_mixture
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.spec.sharing.cgc import Cgc


def build(plan: ModelPlan) -> ExpertsModel:
    """Builds shared and own experts, and a gate per task over the shared and its own ones."""
    spec = plan.sharing
    assert isinstance(spec, Cgc)
    return build_mixture(plan, [plan.shared], shared=spec.shared_experts, own=spec.own_experts)
