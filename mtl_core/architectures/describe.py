"""What a model looks like, layer by layer, without making it."""

from collections.abc import Iterable, Mapping
from itertools import accumulate

from torch import nn

from mtl_core.architectures.build import try_model
from mtl_core.architectures.layers.registry import KINDS
from mtl_core.architectures.planning.layer_stack import Step, end_of
from mtl_core.architectures.planning.model_plan import SHARED, HeadPlan, Plan, fix_at, head_place, path_of
from mtl_core.architectures.planning.stages import cut_stages
from mtl_core.architectures.sharing.mixtures import cut_levels
from mtl_core.spec import LayerInfo, ModelInfo, ModelSpec, TargetInfo, join, kind_of, spec_to_data
from mtl_core.spec.model import Ple
from mtl_core.spec.reports import Shape
from mtl_core.spec.tasks import TASK_KINDS


def describe_model(model: ModelSpec, input_shape: Shape, targets: Mapping[str, TargetInfo]) -> ModelInfo:
    """Title, settings, output shape and parameters of every layer, as really built on torch's meta device.

    A layer that cannot be built carries the error and, where one is obvious, the fix; the layers behind it have no
    shape and no error of their own. A layer's parameters are those of one copy of it; the model's are counted under its
    sharing scheme, as far as it can be built.

    Args:
        model: Sharing scheme, shared layers and heads.
        input_shape: Shape of one row of input.
        targets: Each task's target, in task order.
    """
    plan, built = try_model(model, input_shape, {task: info.outputs for task, info in targets.items()})
    shared = _describe(plan.shared, SHARED)
    heads = {task: _describe(head.layers, head_place(task)) for task, head in plan.heads.items()}
    outputs = {task: _output(head, task, targets[task]) for task, head in plan.heads.items()}
    return ModelInfo(
        input_shape=input_shape,
        shared=shared,
        heads=heads,
        outputs=outputs,
        parameters=_listed([shared, *heads.values(), outputs.values()])
        if built is None
        else _count(built.parameters()),
        shared_parameters=_listed([shared]) if built is None else _count(built.shared_parameters()),
        sharing=spec_to_data(model.sharing),
        stages=() if plan.faulty else _starts(plan),
        tail=_tail(plan),
    )


def _starts(plan: Plan) -> tuple[int, ...]:
    if isinstance(plan.sharing, Ple):
        lengths = [len(level) for level in cut_levels(plan.shared, plan.sharing.levels)]
        return tuple(accumulate([0, *lengths[:-1]]))
    return tuple(stage.first for stage in cut_stages(plan.shared).stages)


def _tail(plan: Plan) -> int:
    behind = 0 if plan.faulty or isinstance(plan.sharing, Ple) else len(cut_stages(plan.shared).tail)
    return len(plan.shared) - behind


def _listed(lists: Iterable[Iterable[LayerInfo]]) -> int:
    return sum(layer.parameters for layers in lists for layer in layers)


def _count(parameters: Iterable[nn.Parameter]) -> int:
    return sum(parameter.numel() for parameter in parameters)


def _describe(steps: list[Step], place: tuple[str, ...]) -> tuple[LayerInfo, ...]:
    return tuple(
        LayerInfo(
            path=path_of(index, place),
            kind=kind_of(type(step.layer)),
            title=step.layer.title,
            detail=KINDS[type(step.layer)].detail(step.layer),
            output_shape=step.leaving,
            parameters=step.parameters,
            error=step.fault.text if step.fault else None,
            fix=fix_at(step, steps, place),
        )
        for index, step in enumerate(steps)
    )


def _output(head: HeadPlan, task: str, target: TargetInfo) -> LayerInfo:
    """The output layer stands in no list of the spec; its path is that of the task's list."""
    error = next((step.fault.text for step in head.output if step.fault), None)
    return LayerInfo(
        path=join(head_place(task)),
        kind=kind_of(type(head.output[-1].layer)) if head.output else "linear",
        title=" · ".join(step.layer.title for step in head.output) or "No output layer",
        detail=TASK_KINDS[target.kind].output_words(target),
        output_shape=end_of(head.output, _without_layer(target)),
        parameters=sum(step.parameters for step in head.output),
        error=error,
    )


def _without_layer(target: TargetInfo) -> Shape | None:
    """The shape that arrives where there is no output layer."""
    return target.outputs if isinstance(target.outputs, tuple) and len(target.outputs) == 1 else None
