"""Describes a model layer by layer, without allocating its parameters."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from torch import nn

from mtl_core.architectures.build import build_on_meta_device
from mtl_core.architectures.layers.registry import layer_detail
from mtl_core.architectures.multi_task_model import MultiTaskModel
from mtl_core.architectures.planning.fusion_plan import describe_fusion
from mtl_core.architectures.planning.inputs_plan import encoder_path
from mtl_core.architectures.planning.layer_stack import LayerPlan, final_shape
from mtl_core.architectures.planning.model_plan import (
    SHARED_PATH,
    HeadPlan,
    ModelPlan,
    head_path,
    inner_path,
    layer_path,
    spec_fix,
)
from mtl_core.architectures.planning.stages import split_levels, split_stages
from mtl_core.spec import LayerInfo, ModelInfo, ModelSpec, TargetInfo, join, kind_of, spec_to_data
from mtl_core.spec.paths import Key
from mtl_core.spec.reports import Shape
from mtl_core.spec.tasks import TASK_KINDS


def describe_model(model: ModelSpec, input_shapes: Mapping[str, Shape], targets: Mapping[str, TargetInfo]) -> ModelInfo:
    """Title, settings, output shape and parameters of every layer, from building it on torch's meta device.

    A layer that cannot be built has an error and, if one is obvious, a fix; the layers after it have no
    shape and no error of their own. A layer's parameters are those of one copy of it; the model's are counted with its
    sharing scheme, if it can be built.

    Args:
        model: Encoders, fusion, sharing scheme, shared layers and heads.
        input_shapes: Shape of one row of each input, by name.
        targets: Each task's target, in task order.
    """
    plan, meta_model = build_on_meta_device(model, input_shapes, {task: info.outputs for task, info in targets.items()})
    encoders = {name: _describe_layers(layers, encoder_path(name)) for name, layers in plan.inputs.encoders.items()}
    fusion = describe_fusion(plan.inputs.fusion) if plan.inputs.fusion else None
    shared = _describe_layers(plan.shared, SHARED_PATH)
    heads = {task: _describe_layers(head.layers, head_path(task)) for task, head in plan.heads.items()}
    outputs = {task: _describe_output(head, task, targets[task]) for task, head in plan.heads.items()}
    return ModelInfo(
        input_shapes=dict(input_shapes),
        encoders=encoders,
        fusion=fusion,
        fused_shape=plan.inputs.output_shape,
        shared=shared,
        heads=heads,
        outputs=outputs,
        parameters=plan.inputs.parameters + _sum_parameters([shared, *heads.values(), outputs.values()])
        if meta_model is None
        else _count_parameters(meta_model.parameters()),
        shared_parameters=plan.inputs.parameters + _sum_parameters([shared])
        if meta_model is None
        else _count_parameters([*meta_model.shared_parameters(), *meta_model.frozen_parameters()]),
        trained_parameters=None if meta_model is None else _trained_parameters(meta_model),
        sharing=spec_to_data(model.sharing),
        stages=() if plan.has_fault else _stage_starts(plan),
        tail=_tail_start(plan),
    )


def _stage_starts(plan: ModelPlan) -> tuple[int, ...]:
    if plan.sharing.max_levels is not None:
        lengths = [len(level) for level in split_levels(plan.shared, plan.sharing.max_levels)]
        return tuple(accumulate([0, *lengths[:-1]]))
    return tuple(stage.first for stage in split_stages(plan.shared).stages)


def _tail_start(plan: ModelPlan) -> int:
    if plan.has_fault or plan.sharing.max_levels is not None:
        return len(plan.shared)
    return len(plan.shared) - len(split_stages(plan.shared).tail)


def _sum_parameters(lists: Iterable[Iterable[LayerInfo]]) -> int:
    return sum(layer.parameters for layers in lists for layer in layers)


def _count_parameters(parameters: Iterable[nn.Parameter]) -> int:
    return sum(parameter.numel() for parameter in parameters)


def _trained_parameters(model: MultiTaskModel) -> int | None:
    frozen = model.frozen_parameters()
    return _count_parameters(model.parameters()) - _count_parameters(frozen) if frozen else None


def _describe_layers(layer_plans: Sequence[LayerPlan], list_path: tuple[Key, ...]) -> tuple[LayerInfo, ...]:
    return tuple(
        LayerInfo(
            path=layer_path(index, list_path),
            kind=kind_of(type(layer_plan.layer)),
            title=layer_plan.layer.title,
            detail=layer_detail(layer_plan.layer),
            output_shape=layer_plan.output_shape,
            parameters=layer_plan.parameters,
            error=layer_plan.fault.text if layer_plan.fault else None,
            fix=spec_fix(layer_plan, layer_plans, list_path),
            layers=_describe_layers(layer_plan.layers, inner_path(index, list_path)),
        )
        for index, layer_plan in enumerate(layer_plans)
    )


def _describe_output(head: HeadPlan, task: str, target: TargetInfo) -> LayerInfo:
    """Describes the output layer, which is in no list of the spec; its path is that of the task's list."""
    error = next((layer_plan.fault.text for layer_plan in head.output if layer_plan.fault), None)
    return LayerInfo(
        path=join(head_path(task)),
        kind=kind_of(type(head.output[-1].layer)) if head.output else "linear",
        title=" · ".join(layer_plan.layer.title for layer_plan in head.output) or "No output layer",
        detail=TASK_KINDS[target.kind].output_words(target),
        output_shape=final_shape(head.output, _shape_without_layer(target)),
        parameters=sum(layer_plan.parameters for layer_plan in head.output),
        error=error,
    )


def _shape_without_layer(target: TargetInfo) -> Shape | None:
    """The shape that arrives where there is no output layer."""
    return target.outputs if isinstance(target.outputs, tuple) and len(target.outputs) == 1 else None
