"""Builders of the schemes whose tasks mix experts by gates."""

from collections.abc import Callable, Sequence

from mtl_core.architectures.experts import ExpertsModel, Level
from mtl_core.architectures.faults import Fault
from mtl_core.architectures.gates import DselectKGate, Gate, SoftmaxGate
from mtl_core.architectures.parts import copies_of, heads_of
from mtl_core.architectures.plan import Plan
from mtl_core.architectures.stack import Step, end_of
from mtl_core.architectures.stages import cut_stages
from mtl_core.spec.model import CgcSharing, DselectKSharing, MmoeSharing, PleSharing
from mtl_core.spec.reports import Shape

MakeGate = Callable[[Shape, int], Gate]


def build_mmoe(plan: Plan) -> ExpertsModel:
    """A gate per task over the experts."""
    assert isinstance(plan.sharing, MmoeSharing)
    return _model(plan, [plan.shared], plan.sharing.experts, 0, SoftmaxGate)


def build_cgc(plan: Plan) -> ExpertsModel:
    """A gate per task over its own and the shared experts."""
    assert isinstance(plan.sharing, CgcSharing)
    return _model(plan, [plan.shared], plan.sharing.shared_experts, plan.sharing.own_experts, SoftmaxGate)


def build_ple(plan: Plan) -> ExpertsModel:
    """The same at each of several levels."""
    assert isinstance(plan.sharing, PleSharing)
    levels = cut_levels(plan.shared, plan.sharing.levels)
    return _model(plan, levels, plan.sharing.shared_experts, plan.sharing.own_experts, SoftmaxGate)


def build_dselect_k(plan: Plan) -> ExpertsModel:
    """A DSelect-k gate per task over the experts."""
    spec = plan.sharing
    assert isinstance(spec, DselectKSharing)

    def gate(shape: Shape, experts: int) -> Gate:
        rest = {"gamma": spec.gamma, "entropy": spec.entropy}
        return DselectKGate(shape, experts, selected=spec.selected, per_row=spec.per_row, **rest)

    return _model(plan, [plan.shared], spec.experts, 0, gate)


def check_ple(plan: Plan) -> Plan:
    """There must be a stage for every level."""
    assert isinstance(plan.sharing, PleSharing)
    wanted, there = plan.sharing.levels, len(cut_stages(plan.shared).stages)
    if not there or wanted <= there:
        return plan
    has = "there is one" if there == 1 else f"there are {there}"
    text = f"{wanted} levels need as many linear or convolution layers; {has}. Add layers, or set fewer levels."
    return plan.refuse(len(plan.shared) - 1, Fault(text))


def cut_levels(steps: Sequence[Step], levels: int) -> list[list[Step]]:
    """A trunk cut into levels of about as many stages, the earlier ones taking one more; one level of no layer."""
    cut = cut_stages(steps)
    parts = [stage.steps for stage in cut.stages]
    if not parts:
        return [list(steps)]
    parts[-1] = [*parts[-1], *cut.tail]
    each, more = divmod(len(parts), levels)
    ends = [(level + 1) * each + min(level + 1, more) for level in range(levels)]
    starts = [0, *ends[:-1]]
    return [[s for part in parts[a:b] for s in part] for a, b in zip(starts, ends, strict=True)]


def _model(plan: Plan, levels: Sequence[Sequence[Step]], shared: int, own: int, gate: MakeGate) -> ExpertsModel:
    """Gates are made last, so that with one expert the numbers of all layers are those of hard sharing."""
    made = [Level(copies_of(steps, shared), [copies_of(steps, own) for _ in plan.tasks]) for steps in levels]
    heads = heads_of(plan)
    shape: Shape | None = plan.input_shape
    for number, (level, steps) in enumerate(zip(made, levels, strict=True), 1):
        assert shape is not None
        level.add_gates(shape, gate, last=number == len(levels))
        shape = end_of(steps, shape)
    return ExpertsModel(made, heads)
