"""From a spec to a model that can be trained: one builder per sharing scheme."""

from collections.abc import Callable, Mapping

from torch import nn

from mtl_core.architectures.base import MultiTaskModel
from mtl_core.architectures.hard import HardSharingModel
from mtl_core.architectures.plan import SHARED, HeadPlan, Plan, fix_at, head_place, path_of, plan_model
from mtl_core.architectures.stack import Step, modules_of
from mtl_core.spec import HardSharing, InputError, ModelSpec, Spec, join
from mtl_core.spec.reports import Outputs, Shape


def _hard(plan: Plan) -> MultiTaskModel:
    shared = nn.Sequential(*modules_of(plan.shared))
    heads = {task: _head(head) for task, head in plan.heads.items()}
    return HardSharingModel(shared, heads)


def _head(head: HeadPlan) -> nn.Sequential:
    return nn.Sequential(*modules_of(head.layers), *modules_of(head.output))


SCHEMES: dict[type[Spec], Callable[[Plan], MultiTaskModel]] = {HardSharing: _hard}
"""One builder per sharing scheme; a contract test holds it to :data:`mtl_core.spec.model.Sharing`."""


def build_model(model: ModelSpec, input_shape: Shape, outputs: Mapping[str, Outputs]) -> MultiTaskModel:
    """The model on the CPU, with torch's own initialisation; the caller sets the seed and moves it to a device.

    Args:
        model: Shared layers and heads.
        input_shape: Shape of one row of input.
        outputs: What each task's output layer must give, in task order.

    Raises:
        InputError: A layer cannot be built; it names the first one, what arrives and what it needs.
    """
    plan = plan_model(model, input_shape, outputs)
    _refuse_faults(plan.shared, SHARED)
    for task, head in plan.heads.items():
        _refuse_faults(head.layers, head_place(task))
        _refuse_faults(head.output, head_place(task), in_list=False)
    return SCHEMES[type(model.sharing)](plan)


def _refuse_faults(steps: list[Step], place: tuple[str, ...], *, in_list: bool = True) -> None:
    for index, step in enumerate(steps):
        if step.fault is None:
            continue
        path = path_of(index, place) if in_list else join(place)
        fix = fix_at(step, steps, place) if in_list else None
        raise InputError(path, step.fault.text.removesuffix("."), fix=f"{fix.label}." if fix else "")
