"""From a spec to a model that can be trained: one builder per sharing scheme."""

from collections.abc import Callable, Mapping

import torch

from mtl_core.architectures.layers.errors import LIMIT, Fault, amount
from mtl_core.architectures.multi_task_model import MultiTaskModel
from mtl_core.architectures.planning.layer_stack import Step
from mtl_core.architectures.planning.model_plan import SHARED, Plan, fix_at, head_place, path_of, plan_model
from mtl_core.architectures.sharing import (
    adversarial,
    cross_stitch,
    hard,
    learned_branching,
    mixtures,
    mtan,
    nddr,
    separate,
    sluice,
    soft,
)
from mtl_core.spec import InputError, ModelSpec, Spec, join
from mtl_core.spec import model as spec
from mtl_core.spec.reports import Shape
from mtl_core.spec.tasks import Outputs

SCHEMES: dict[type[Spec], Callable[[Plan], MultiTaskModel]] = {
    spec.HardSharing: hard.build,
    spec.SeparateModels: separate.build,
    spec.SoftSharing: soft.build,
    spec.CrossStitch: cross_stitch.build,
    spec.Sluice: sluice.build,
    spec.Nddr: nddr.build,
    spec.Mtan: mtan.build,
    spec.Mmoe: mixtures.build_mmoe,
    spec.Cgc: mixtures.build_cgc,
    spec.Ple: mixtures.build_ple,
    spec.DselectK: mixtures.build_dselect_k,
    spec.Branching: learned_branching.build,
    spec.Adversarial: adversarial.build,
}
"""One builder per sharing scheme; a contract test holds it to :data:`mtl_core.spec.model.Sharing`."""

CHECKS: dict[type[Spec], Callable[[Plan], Plan]] = {spec.Sluice: sluice.check}
"""What a scheme asks of the layers beyond that each can be built: the plan, with faults at those that do not do."""


def build_model(model: ModelSpec, input_shape: Shape, outputs: Mapping[str, Outputs]) -> MultiTaskModel:
    """The model on the CPU, with torch's own initialisation; the caller sets the seed and moves it to a device.

    Args:
        model: Sharing scheme, shared layers and heads.
        input_shape: Shape of one row of input.
        outputs: What each task's output layer must give, in task order.

    Raises:
        InputError: A layer cannot be built; it names the first one, what arrives and what it needs.
    """
    plan, _ = try_model(model, input_shape, outputs)
    _refuse_faults(plan.shared, SHARED)
    for task, head in plan.heads.items():
        _refuse_faults(head.layers, head_place(task))
        _refuse_faults(head.output, head_place(task), in_list=False)
    return SCHEMES[type(model.sharing)](plan)


def try_model(
    model: ModelSpec, input_shape: Shape, outputs: Mapping[str, Outputs]
) -> tuple[Plan, MultiTaskModel | None]:
    """Try out every layer, then the whole model under its sharing scheme, on torch's meta device.

    Returns:
        The plan, and the model as it would be, without memory; None where a layer is at fault.
    """
    plan = plan_model(model, input_shape, outputs)
    if plan.faulty:
        return plan, None
    plan = CHECKS.get(type(model.sharing), _nothing)(plan)
    if plan.faulty:
        return plan, None
    with torch.device("meta"):
        built = SCHEMES[type(model.sharing)](plan)
    parameters = sum(parameter.numel() for parameter in built.parameters())
    if plan.shared and parameters > LIMIT:
        return plan.refuse(len(plan.shared) - 1, _too_large(model, parameters)), None
    return plan, built


def _nothing(plan: Plan) -> Plan:
    return plan


def _too_large(model: ModelSpec, parameters: int) -> Fault:
    held = f"at most {amount(LIMIT)} can be held"
    return Fault(f"With {model.sharing.title!r} the model would have {amount(parameters)} parameters; {held}.")


def _refuse_faults(steps: list[Step], place: tuple[str, ...], *, in_list: bool = True) -> None:
    for index, step in enumerate(steps):
        if step.fault is None:
            continue
        path = path_of(index, place) if in_list else join(place)
        fix = fix_at(step, steps, place) if in_list else None
        raise InputError(path, step.fault.text.removesuffix("."), fix=f"{fix.label}." if fix else "")
