"""Progressive layered extraction (Tang et al., RecSys 2020)."""

from mtl_core.architectures.components.experts import ExpertsModel
from mtl_core.architectures.components.mixtures import build_mixture
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.architectures.planning.stages import split_levels
from mtl_core.spec.sharing.ple import Ple


def build(plan: ModelPlan) -> ExpertsModel:
    """Builds the experts and gates of CGC at each of several levels, with a gate over all experts between levels."""
    spec = plan.sharing
    assert isinstance(spec, Ple)
    levels = split_levels(plan.shared, spec.max_levels)
    return build_mixture(plan, levels, shared=spec.shared_experts, own=spec.own_experts)
