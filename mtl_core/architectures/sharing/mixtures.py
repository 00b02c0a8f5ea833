"""Builders of the mixture-of-experts schemes: MMoE, CGC, PLE and DSelect-k."""

from collections.abc import Callable, Sequence
from itertools import accumulate

from mtl_core.architectures.planning.layer_stack import LayerPlan, final_shape
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.architectures.sharing.blocks import build_copies, build_heads, stages_with_tail
from mtl_core.architectures.sharing.experts import ExpertLevel, ExpertsModel
from mtl_core.architectures.sharing.gates import DselectKGate, Gate, SoftmaxGate
from mtl_core.spec.model import Cgc, DselectK, Mmoe, Ple
from mtl_core.spec.reports import Shape

GateFactory = Callable[[Shape, int], Gate]


def build_mmoe(plan: ModelPlan) -> ExpertsModel:
    """Builds MMoE: a gate per task over the experts."""
    assert isinstance(plan.sharing, Mmoe)
    return _model(plan, [plan.shared], plan.sharing.experts, 0, SoftmaxGate)


def build_cgc(plan: ModelPlan) -> ExpertsModel:
    """Builds CGC: a gate per task over its own and the shared experts."""
    assert isinstance(plan.sharing, Cgc)
    return _model(plan, [plan.shared], plan.sharing.shared_experts, plan.sharing.own_experts, SoftmaxGate)


def build_ple(plan: ModelPlan) -> ExpertsModel:
    """Builds PLE: the gates and experts of CGC at each of several levels."""
    assert isinstance(plan.sharing, Ple)
    levels = split_levels(plan.shared, plan.sharing.levels)
    return _model(plan, levels, plan.sharing.shared_experts, plan.sharing.own_experts, SoftmaxGate)


def build_dselect_k(plan: ModelPlan) -> ExpertsModel:
    """Builds a DSelect-k gate per task over the experts."""
    spec = plan.sharing
    assert isinstance(spec, DselectK)

    def gate(shape: Shape, experts: int) -> Gate:
        rest = {"gamma": spec.gamma, "entropy": spec.entropy}
        return DselectKGate(shape, experts, selected=spec.selected, per_row=spec.per_row, **rest)

    return _model(plan, [plan.shared], spec.experts, 0, gate)


def split_levels(layer_plans: Sequence[LayerPlan], levels: int) -> list[list[LayerPlan]]:
    """Splits a trunk into at most ``levels`` levels of about equally many stages, the first ones with one more."""
    parts = stages_with_tail(layer_plans) or [[]]
    levels = min(levels, len(parts))
    size, remainder = divmod(len(parts), levels)
    ends = [(level + 1) * size + min(level + 1, remainder) for level in range(levels)]
    starts = [0, *ends[:-1]]
    return [[s for part in parts[a:b] for s in part] for a, b in zip(starts, ends, strict=True)]


def _model(
    plan: ModelPlan, levels: Sequence[Sequence[LayerPlan]], shared: int, own: int, gate: GateFactory
) -> ExpertsModel:
    """Builds the gates last, so that with one expert all layers draw the initial weights of hard sharing."""
    firsts = accumulate([0, *(len(layer_plans) for layer_plans in levels[:-1])])
    expert_levels = [
        ExpertLevel(
            build_copies(layer_plans, shared, first), [build_copies(layer_plans, own, first) for _ in plan.tasks]
        )
        for layer_plans, first in zip(levels, firsts, strict=True)
    ]
    heads = build_heads(plan)
    shape: Shape | None = plan.input_shape
    for number, (level, layer_plans) in enumerate(zip(expert_levels, levels, strict=True), 1):
        assert shape is not None
        level.add_gates(shape, gate, last=number == len(levels))
        shape = final_shape(layer_plans, shape)
    return ExpertsModel(expert_levels, heads)
