"""Plans a stack of layers: builds each on the meta device and runs it to find its output shape."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import nn

from mtl_core.architectures.layers import input_rules
from mtl_core.architectures.layers.faults import Fault, arrival_text
from mtl_core.architectures.layers.registry import KINDS
from mtl_core.architectures.planning.members import (
    BEGINNING_IN_ENCODER,
    Members,
    begins_members,
    build_layer,
    check_members,
    count_of,
    members_behind,
)
from mtl_core.spec.base import Spec
from mtl_core.spec.reports import Shape

_ROWS = 2
"""Rows of the batch used to find shapes; batch norm needs more than one in training."""


@dataclass(frozen=True)
class LayerPlan:
    """A layer of a stack with its shapes and size, or the fault that keeps it from being built.

    Attributes:
        layer: The layer's spec.
        input_shape: Shape of its input without the batch dimension; None after a fault, where it is unknown.
        output_shape: Shape of its output; None if it cannot be built or comes after a fault.
        parameters: Number of parameters.
        fault: Why it cannot be built.
        members: The members that have begun before it; None outside an ensemble.
    """

    layer: Spec
    input_shape: Shape | None
    output_shape: Shape | None = None
    parameters: int = 0
    fault: Fault | None = None
    members: Members | None = None


def plan_layers(
    layers: Sequence[Spec],
    shape: Shape | None,
    parameters: int = 0,
    *,
    reads_input: bool = True,
    members: Members | None = None,
) -> list[LayerPlan]:
    """Builds and runs layers on torch's meta device.

    Args:
        layers: First to last.
        shape: Input shape of the first one, without the batch dimension; None if a layer before has a fault.
        parameters: Parameters of the model's layers before these.
        reads_input: Whether the first of them reads the model's input.
        members: The members that have begun before them.
    """
    layer_plans: list[LayerPlan] = []
    for layer in layers:
        fault = input_rules.check_first_layer(layer, shape) if layer_plans or not reads_input else None
        layer_plan = (
            LayerPlan(layer, shape, fault=fault, members=members)
            if shape is None or fault
            else replace(_plan_layer(layer, shape, parameters, members), members=members)
        )
        layer_plans.append(layer_plan)
        shape = layer_plan.output_shape
        parameters += layer_plan.parameters
        members = members_behind(layer, members)
    return layer_plans


def _plan_layer(layer: Spec, shape: Shape, parameters_before: int, members: Members | None) -> LayerPlan:
    if not shape or not prod(shape):
        return LayerPlan(layer, shape, fault=Fault(f"{layer.title} needs something to work on; {arrival_text(shape)}."))
    if fault := check_members(layer, members) or KINDS[type(layer)].check(layer, shape):
        return LayerPlan(layer, shape, fault=fault)
    try:
        with torch.no_grad(), torch.device("meta"):
            module = build_layer(layer, shape, members).train()
            output_shape = tuple(module(torch.empty(_ROWS * count_of(members), *shape)).shape[1:])
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return LayerPlan(layer, shape, fault=Fault(f"{layer.title} cannot be built; {arrival_text(shape)} ({reason})."))
    parameters = sum(p.numel() for p in module.parameters())
    if fault := input_rules.check_parameter_count(
        layer, parameters, parameters_before
    ) or input_rules.check_value_count(layer, prod(output_shape) * count_of(members_behind(layer, members))):
        return LayerPlan(layer, shape, fault=fault)
    return LayerPlan(layer, shape, output_shape, parameters)


def build_modules(layer_plans: Sequence[LayerPlan]) -> list[nn.Module]:
    """Builds the planned layers on torch's current default device, with its current random state."""
    return [
        build_layer(layer_plan.layer, layer_plan.input_shape, layer_plan.members)
        for layer_plan in layer_plans
        if layer_plan.input_shape is not None
    ]


def final_shape(layer_plans: Sequence[LayerPlan], shape: Shape | None) -> Shape | None:
    """Output shape of the last layer, or the given input shape if there are no layers."""
    return layer_plans[-1].output_shape if layer_plans else shape


def final_members(layer_plans: Sequence[LayerPlan], members: Members | None = None) -> Members | None:
    """The members behind the last layer, or the given ones if there are no layers."""
    return members_behind(layer_plans[-1].layer, layer_plans[-1].members) if layer_plans else members


def refuse_members(layer_plans: Sequence[LayerPlan]) -> list[LayerPlan]:
    """The plans of an encoder's layers, with a fault at each that begins members."""
    return [
        replace(layer_plan, output_shape=None, fault=BEGINNING_IN_ENCODER)
        if begins_members(layer_plan.layer)
        else layer_plan
        for layer_plan in layer_plans
    ]
