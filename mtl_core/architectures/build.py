"""Builds a trainable model from a model spec, with one builder per sharing scheme."""

from collections.abc import Callable, Mapping

import torch

from mtl_core.architectures.layers.errors import MAX_SIZE, Fault, format_amount
from mtl_core.architectures.multi_task_model import MultiTaskModel
from mtl_core.architectures.planning.layer_stack import LayerPlan
from mtl_core.architectures.planning.model_plan import (
    SHARED_PATH,
    ModelPlan,
    head_path,
    layer_path,
    plan_model,
    spec_fix,
)
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

SCHEMES: dict[type[Spec], Callable[[ModelPlan], MultiTaskModel]] = {
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

CHECKS: dict[type[Spec], Callable[[ModelPlan], ModelPlan]] = {spec.Sluice: sluice.check_even_channels}
"""A scheme's additional requirements on the layers: each function returns the plan with faults where they fail."""


def build_model(model: ModelSpec, input_shape: Shape, outputs: Mapping[str, Outputs]) -> MultiTaskModel:
    """Builds the model on the CPU, with torch's initialization; the caller seeds torch and moves it to a device.

    Args:
        model: Sharing scheme, shared layers and heads.
        input_shape: Shape of one row of input.
        outputs: The output of each task's output layer, in task order.

    Raises:
        InputError: A layer cannot be built; the message names the first one, its input shape and its requirement.
    """
    plan, _ = build_on_meta_device(model, input_shape, outputs)
    _raise_faults(plan.shared, SHARED_PATH)
    for task, head in plan.heads.items():
        _raise_faults(head.layers, head_path(task))
        _raise_faults(head.output, head_path(task), in_list=False)
    return SCHEMES[type(model.sharing)](plan)


def build_on_meta_device(
    model: ModelSpec, input_shape: Shape, outputs: Mapping[str, Outputs]
) -> tuple[ModelPlan, MultiTaskModel | None]:
    """Builds every layer, then the whole model with its sharing scheme, on torch's meta device.

    Returns:
        The plan, and the model without allocated memory; None if a layer has a fault.
    """
    plan = plan_model(model, input_shape, outputs)
    if plan.has_fault:
        return plan, None
    plan = CHECKS.get(type(model.sharing), _no_check)(plan)
    if plan.has_fault:
        return plan, None
    with torch.device("meta"):
        meta_model = SCHEMES[type(model.sharing)](plan)
    parameters = sum(parameter.numel() for parameter in meta_model.parameters())
    if plan.shared and parameters > MAX_SIZE:
        return plan.with_fault(len(plan.shared) - 1, _model_too_large(model, parameters)), None
    return plan, meta_model


def _no_check(plan: ModelPlan) -> ModelPlan:
    return plan


def _model_too_large(model: ModelSpec, parameters: int) -> Fault:
    limit = f"at most {format_amount(MAX_SIZE)} can be held"
    return Fault(f"With {model.sharing.title!r} the model would have {format_amount(parameters)} parameters; {limit}.")


def _raise_faults(layer_plans: list[LayerPlan], list_path: tuple[str, ...], *, in_list: bool = True) -> None:
    for index, layer_plan in enumerate(layer_plans):
        if layer_plan.fault is None:
            continue
        path = layer_path(index, list_path) if in_list else join(list_path)
        fix = spec_fix(layer_plan, layer_plans, list_path) if in_list else None
        raise InputError(path, layer_plan.fault.text.removesuffix("."), fix=f"{fix.label}." if fix else "")
