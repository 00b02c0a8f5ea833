"""Plans the fusion of encoded inputs: builds it on the meta device and runs it to find its output shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import torch

from mtl_core.architectures.fusion.encoded_inputs import stand_in_shape
from mtl_core.architectures.fusion.registry import FUSIONS, build_fusion
from mtl_core.architectures.layers.faults import Fault, format_shape, replacement_fix
from mtl_core.architectures.layers.input_rules import check_parameter_count, check_value_count
from mtl_core.spec import Fix, LayerInfo, join
from mtl_core.spec.fusion import BaseFusion
from mtl_core.spec.reports import Shape
from mtl_core.text import group_digits

FUSION_PATH = ("model", "fusion")
_ROWS = 2


@dataclass(frozen=True)
class FusionPlan:
    """A fusion with its shapes and size, or the fault that keeps it from being built.

    Attributes:
        fusion: Its spec.
        shapes: Shape of each encoder's output without the batch dimension; None after a fault, where it is unknown.
        output_shape: Shape of its output; None if it cannot be built or comes after a fault.
        parameters: Number of parameters, those of the stand-ins for missing inputs included.
        fault: Why it cannot be built.
    """

    fusion: BaseFusion
    shapes: Mapping[str, Shape | None]
    output_shape: Shape | None = None
    parameters: int = 0
    fault: Fault | None = None


def plan_fusion(fusion: BaseFusion, shapes: Mapping[str, Shape | None], parameters: int = 0) -> FusionPlan:
    """Builds and runs a fusion on torch's meta device.

    Args:
        fusion: Its spec.
        shapes: Output shape of each input's encoder, in the order of the inputs; None if a layer there has a fault.
        parameters: Parameters of all encoders.
    """
    known = {name: shape for name, shape in shapes.items() if shape is not None}
    if len(known) < len(shapes):
        return FusionPlan(fusion, shapes)
    fault = _check_features(fusion, known) or FUSIONS[fusion.kind].check(fusion, known)
    return FusionPlan(fusion, shapes, fault=fault) if fault else _build_on_meta_device(fusion, known, parameters)


def _check_features(fusion: BaseFusion, shapes: Mapping[str, Shape]) -> Fault | None:
    """Requires features of every input."""
    for name, shape in shapes.items():
        if not shape or not prod(shape):
            return Fault(f"{fusion.title} needs features of each input; {name!r} gives {format_shape(shape)}.")
    return None


def _build_on_meta_device(fusion: BaseFusion, shapes: Mapping[str, Shape], parameters_before: int) -> FusionPlan:
    try:
        with torch.no_grad(), torch.device("meta"):
            module = build_fusion(fusion, shapes).train()
            features = {name: torch.empty(_ROWS, *shape) for name, shape in shapes.items()}
            output_shape = tuple(module(features, {}, {}).shape[1:])
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return FusionPlan(fusion, shapes, fault=Fault(f"{fusion.title} cannot be built ({reason})."))
    parameters = sum(parameter.numel() for parameter in module.parameters())
    if fusion.missing == "stand_in":
        parameters += sum(prod(stand_in_shape(shape)) for shape in shapes.values())
    fault = check_parameter_count(fusion, parameters, parameters_before) or check_value_count(
        fusion, prod(output_shape)
    )
    return FusionPlan(fusion, shapes, fault=fault) if fault else FusionPlan(fusion, shapes, output_shape, parameters)


def describe_fusion(plan: FusionPlan) -> LayerInfo:
    """Title, sizes of what arrives, output shape and parameters of a planned fusion, or its error."""
    return LayerInfo(
        path=join(FUSION_PATH),
        kind=plan.fusion.kind,
        title=plan.fusion.title,
        detail=_detail(plan),
        output_shape=plan.output_shape,
        parameters=plan.parameters,
        error=plan.fault.text if plan.fault else None,
        fix=fusion_fix(plan),
    )


def fusion_fix(plan: FusionPlan) -> Fix | None:
    """The change of the spec that fixes a faulty fusion; None if there is none."""
    if plan.fault is None or plan.fault.quick_fix is None:
        return None
    (replacement,) = plan.fault.quick_fix.replacement
    return replacement_fix(plan.fault.quick_fix.label, plan.fusion, replacement, FUSION_PATH)


def _detail(plan: FusionPlan) -> str:
    """What arrives of each input: ``128 + 32; title: mean over positions``, or ``16 + 1 tokens``."""
    shapes = {name: shape for name, shape in plan.shapes.items() if shape}
    if len(shapes) < len(plan.shapes):
        return ""
    if plan.fusion.reads_positions:
        return " + ".join(group_digits(prod(shape[1:])) for shape in shapes.values()) + " tokens"
    widths = " + ".join(group_digits(shape[0]) for shape in shapes.values())
    averaged = ", ".join(name for name, shape in shapes.items() if len(shape) > 1)
    return f"{widths}; {averaged}: mean over positions" if averaged else widths
