"""Builders of the schemes whose tasks mix experts by gates."""

from collections.abc import Callable, Sequence
from itertools import accumulate

from mtl_core.architectures.planning.layer_stack import Step, end_of
from mtl_core.architectures.planning.model_plan import Plan
from mtl_core.architectures.sharing.blocks import copies_of, heads_of, whole_stages
from mtl_core.architectures.sharing.experts import ExpertsModel, Level
from mtl_core.architectures.sharing.gates import DselectKGate, Gate, SoftmaxGate
from mtl_core.spec.model import Cgc, DselectK, Mmoe, Ple
from mtl_core.spec.reports import Shape

MakeGate = Callable[[Shape, int], Gate]


def build_mmoe(plan: Plan) -> ExpertsModel:
    """A gate per task over the experts."""
    assert isinstance(plan.sharing, Mmoe)
    return _model(plan, [plan.shared], plan.sharing.experts, 0, SoftmaxGate)


def build_cgc(plan: Plan) -> ExpertsModel:
    """A gate per task over its own and the shared experts."""
    assert isinstance(plan.sharing, Cgc)
    return _model(plan, [plan.shared], plan.sharing.shared_experts, plan.sharing.own_experts, SoftmaxGate)


def build_ple(plan: Plan) -> ExpertsModel:
    """The same at each of several levels."""
    assert isinstance(plan.sharing, Ple)
    levels = cut_levels(plan.shared, plan.sharing.levels)
    return _model(plan, levels, plan.sharing.shared_experts, plan.sharing.own_experts, SoftmaxGate)


def build_dselect_k(plan: Plan) -> ExpertsModel:
    """A DSelect-k gate per task over the experts."""
    spec = plan.sharing
    assert isinstance(spec, DselectK)

    def gate(shape: Shape, experts: int) -> Gate:
        rest = {"gamma": spec.gamma, "entropy": spec.entropy}
        return DselectKGate(shape, experts, selected=spec.selected, per_row=spec.per_row, **rest)

    return _model(plan, [plan.shared], spec.experts, 0, gate)


def cut_levels(steps: Sequence[Step], levels: int) -> list[list[Step]]:
    """A trunk cut into levels of about as many stages, the earlier ones taking one more; no more than there are."""
    parts = whole_stages(steps) or [[]]
    levels = min(levels, len(parts))
    each, more = divmod(len(parts), levels)
    ends = [(level + 1) * each + min(level + 1, more) for level in range(levels)]
    starts = [0, *ends[:-1]]
    return [[s for part in parts[a:b] for s in part] for a, b in zip(starts, ends, strict=True)]


def _model(plan: Plan, levels: Sequence[Sequence[Step]], shared: int, own: int, gate: MakeGate) -> ExpertsModel:
    """Gates are made last, so that with one expert the numbers of all layers are those of hard sharing."""
    firsts = accumulate([0, *(len(steps) for steps in levels[:-1])])
    made = [
        Level(copies_of(steps, shared, first), [copies_of(steps, own, first) for _ in plan.tasks])
        for steps, first in zip(levels, firsts, strict=True)
    ]
    heads = heads_of(plan)
    shape: Shape | None = plan.input_shape
    for number, (level, steps) in enumerate(zip(made, levels, strict=True), 1):
        assert shape is not None
        level.add_gates(shape, gate, last=number == len(levels))
        shape = end_of(steps, shape)
    return ExpertsModel(made, heads)
