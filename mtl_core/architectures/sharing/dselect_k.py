"""DSelect-k (Hazimeh et al.: Differentiable Selection in the Mixture of Experts, NeurIPS 2021)."""

from mtl_core.architectures.components.experts import ExpertsModel
from mtl_core.architectures.components.gates import DselectKGate, Gate
from mtl_core.architectures.components.mixtures import build_mixture
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.spec.reports import Shape
from mtl_core.spec.sharing.dselect_k import DselectK


def build(plan: ModelPlan) -> ExpertsModel:
    """Builds the experts, and a DSelect-k gate per task over them."""
    spec = plan.sharing
    assert isinstance(spec, DselectK)

    def gate(shape: Shape, experts: int) -> Gate:
        settings = {"gamma": spec.gamma, "entropy": spec.entropy}
        return DselectKGate(shape, experts, selected=spec.selected, per_row=spec.per_row, **settings)

    return build_mixture(plan, [plan.shared], shared=spec.experts, gate=gate)
