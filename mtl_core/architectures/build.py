"""Builds a trainable model from a model spec, by the builder of its sharing scheme."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

import torch

from mtl_core.architectures.layers.faults import MAX_SIZE, Fault, format_amount
from mtl_core.architectures.multi_task_model import MultiTaskModel
from mtl_core.architectures.planning.fusion_plan import FUSION_PATH, fusion_fix
from mtl_core.architectures.planning.inputs_plan import InputsPlan, encoder_path
from mtl_core.architectures.planning.layer_stack import LayerPlan
from mtl_core.architectures.planning.model_plan import (
    SHARED_PATH,
    ModelPlan,
    head_path,
    inner_path,
    layer_path,
    plan_model,
    spec_fix,
)
from mtl_core.spec import InputError, ModelSpec, Sharing, join, kind_of, members
from mtl_core.spec.paths import Key
from mtl_core.spec.reports import Shape
from mtl_core.spec.tasks import Outputs


@dataclass(frozen=True)
class SchemeBuilder:
    """The builder of a sharing scheme.

    Attributes:
        build: Builds the model of a plan without faults.
        check: Returns the plan with a fault at each layer that does not meet the scheme's own requirements.
    """

    build: Callable[[ModelPlan], MultiTaskModel]
    check: Callable[[ModelPlan], ModelPlan]


def _load_builder(kind: str) -> SchemeBuilder:
    """Loads the builder of a kind of scheme: the module's ``build`` and, if it has one, its ``check``."""
    module = import_module(f"mtl_core.architectures.sharing.{kind}")
    return SchemeBuilder(module.build, getattr(module, "check", lambda plan: plan))


SCHEMES = {kind: _load_builder(kind) for kind in map(kind_of, members(Sharing))}
"""The builder of each sharing scheme, by kind."""


def build_model(model: ModelSpec, input_shapes: Mapping[str, Shape], outputs: Mapping[str, Outputs]) -> MultiTaskModel:
    """Builds the model on the CPU, with torch's initialization; the caller seeds torch and moves it to a device.

    Args:
        model: Encoders, fusion, sharing scheme, shared layers and heads.
        input_shapes: Shape of one row of each input, by name.
        outputs: The output of each task's output layer, in task order.

    Raises:
        InputError: A layer cannot be built; the message names the first one, its input shape and its requirement.
    """
    plan, _ = build_on_meta_device(model, input_shapes, outputs)
    _raise_input_faults(plan.inputs)
    _raise_faults(plan.shared, SHARED_PATH)
    for task, head in plan.heads.items():
        _raise_faults(head.layers, head_path(task))
        _raise_faults(head.output, head_path(task), in_list=False)
    return SCHEMES[model.sharing.kind].build(plan)


def build_on_meta_device(
    model: ModelSpec, input_shapes: Mapping[str, Shape], outputs: Mapping[str, Outputs]
) -> tuple[ModelPlan, MultiTaskModel | None]:
    """Builds every layer, then the whole model with its sharing scheme, on torch's meta device.

    Returns:
        The plan, and the model without allocated memory; None if a layer has a fault.
    """
    plan = plan_model(model, input_shapes, outputs)
    if plan.has_fault:
        return plan, None
    plan = SCHEMES[model.sharing.kind].check(plan)
    if plan.has_fault:
        return plan, None
    with torch.device("meta"):
        meta_model = SCHEMES[model.sharing.kind].build(plan)
    parameters = sum(parameter.numel() for parameter in meta_model.parameters())
    if plan.shared and parameters > MAX_SIZE:
        return plan.with_fault(len(plan.shared) - 1, _model_too_large(model, parameters)), None
    return plan, meta_model


def _model_too_large(model: ModelSpec, parameters: int) -> Fault:
    limit = f"at most {format_amount(MAX_SIZE)} can be held"
    return Fault(f"With {model.sharing.title!r} the model would have {format_amount(parameters)} parameters; {limit}.")


def _raise_input_faults(inputs: InputsPlan) -> None:
    for name, layer_plans in inputs.encoders.items():
        _raise_faults(layer_plans, encoder_path(name))
    if inputs.fusion is not None and inputs.fusion.fault is not None:
        fix = fusion_fix(inputs.fusion)
        rule = inputs.fusion.fault.text.removesuffix(".")
        raise InputError(join(FUSION_PATH), rule, fix=f"{fix.label}." if fix else "")


def _raise_faults(layer_plans: Sequence[LayerPlan], list_path: tuple[Key, ...], *, in_list: bool = True) -> None:
    for index, layer_plan in enumerate(layer_plans):
        _raise_faults(layer_plan.layers, inner_path(index, list_path))
        if layer_plan.fault is None:
            continue
        path = layer_path(index, list_path) if in_list else join(list_path)
        fix = spec_fix(layer_plan, layer_plans, list_path) if in_list else None
        raise InputError(path, layer_plan.fault.text.removesuffix("."), fix=f"{fix.label}." if fix else "")
