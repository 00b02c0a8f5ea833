"""Plans a stack of layers: builds each on the meta device and runs it to find its output shape."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import nn

from mtl_core.architectures.layers import input_rules
from mtl_core.architectures.layers.faults import Fault, arrival_text
from mtl_core.architectures.layers.kinds.residual import check_depth
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.architectures.layers.registry import BLOCKS, KINDS
from mtl_core.architectures.planning.members import (
    BEGINNING_IN_BLOCK,
    BEGINNING_IN_ENCODER,
    Members,
    begins_members,
    build_layer,
    check_members,
    count_of,
    independent_copies,
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
        layers: Its own layers, of a block that has some.
    """

    layer: Spec
    input_shape: Shape | None
    output_shape: Shape | None = None
    parameters: int = 0
    fault: Fault | None = None
    members: Members | None = None
    layers: tuple["LayerPlan", ...] = ()

    @property
    def has_fault(self) -> bool:
        """Whether it, or a layer in it, cannot be built."""
        return self.fault is not None or any(layer.has_fault for layer in self.layers)


def plan_layers(
    layers: Sequence[Spec],
    shape: Shape | None,
    parameters: int = 0,
    *,
    reads_input: bool = True,
    members: Members | None = None,
    depth: int = 0,
) -> list[LayerPlan]:
    """Builds and runs layers on torch's meta device.

    Args:
        layers: First to last.
        shape: Input shape of the first one, without the batch dimension; None if a layer before has a fault.
        parameters: Parameters of the model's layers before these.
        reads_input: Whether the first of them reads the model's input.
        members: The members that have begun before them.
        depth: Number of blocks that these are in.
    """
    layer_plans: list[LayerPlan] = []
    for layer in layers:
        fault = input_rules.check_first_layer(layer, shape) if layer_plans or not reads_input else None
        layer_plan = LayerPlan(layer, shape, fault=fault, members=members)
        if shape is not None and fault is None:
            layer_plan = _plan_layer(layer_plan, shape, parameters, depth)
        layer_plans.append(layer_plan)
        shape = layer_plan.output_shape
        parameters += layer_plan.parameters
        members = _members_behind(layer_plan)
    return layer_plans


def _plan_layer(plan: LayerPlan, shape: Shape, parameters_before: int, depth: int) -> LayerPlan:
    layer = plan.layer
    if not shape or not prod(shape):
        return replace(plan, fault=Fault(f"{layer.title} needs something to work on; {arrival_text(shape)}."))
    if type(layer) in BLOCKS:
        return _plan_block(plan, shape, parameters_before, depth)
    if depth and begins_members(layer):
        return replace(plan, fault=BEGINNING_IN_BLOCK)
    if fault := check_members(layer, plan.members) or KINDS[type(layer)].check(layer, shape):
        return replace(plan, fault=fault)
    return _measure(plan, shape, parameters_before)


def _plan_block(plan: LayerPlan, shape: Shape, parameters_before: int, depth: int) -> LayerPlan:
    """Plans the layers of a block, then the block around them."""
    block = plan.layer
    if fault := check_depth(block, depth):
        return replace(plan, fault=fault)
    layers, members = _layers_of(block), plan.members
    inner = plan_layers(layers, shape, parameters_before, reads_input=False, members=members, depth=depth + 1)
    inner_shape = final_shape(inner, shape)
    if inner_shape is None:
        return replace(plan, layers=tuple(inner))
    if fault := BLOCKS[type(block)].check(block, shape, inner_shape):
        return replace(plan, fault=fault)
    return _measure(replace(plan, layers=tuple(inner)), shape, parameters_before)


def _layers_of(block: Spec) -> Sequence[Spec]:
    layers: Sequence[Spec] = block.layers  # type: ignore[attr-defined]  # every block has them
    return layers


def _members_behind(plan: LayerPlan) -> Members | None:
    """The members behind a layer; behind a block, those behind its last layer."""
    return final_members(plan.layers, plan.members) if plan.layers else members_behind(plan.layer, plan.members)


def _measure(plan: LayerPlan, shape: Shape, parameters_before: int) -> LayerPlan:
    """The plan with the output shape and size of its module, built and run on the meta device."""
    layer = plan.layer
    try:
        with torch.no_grad(), torch.device("meta"):
            module = _build_module(plan, shape).train()
            output_shape = tuple(module(torch.empty(_ROWS * count_of(plan.members), *shape)).shape[1:])
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return replace(plan, fault=Fault(f"{layer.title} cannot be built; {arrival_text(shape)} ({reason})."))
    parameters = sum(p.numel() for p in module.parameters())
    if fault := input_rules.check_parameter_count(
        layer, parameters, parameters_before
    ) or input_rules.check_value_count(layer, prod(output_shape) * count_of(_members_behind(plan))):
        return replace(plan, fault=fault)
    return replace(plan, output_shape=output_shape, parameters=parameters)


def _build_module(plan: LayerPlan, shape: Shape) -> nn.Module:
    block = BLOCKS.get(type(plan.layer))
    if block is None:
        return build_layer(plan.layer, shape, plan.members)
    inner_shape = final_shape(plan.layers, shape)
    assert inner_shape is not None
    stack = LayerStack(*build_modules(plan.layers))
    return block.wrap(plan.layer, stack, shape, inner_shape, independent_copies(plan.members))


def build_modules(layer_plans: Sequence[LayerPlan]) -> list[nn.Module]:
    """Builds the planned layers on torch's current default device, with its current random state."""
    return [
        _build_module(layer_plan, layer_plan.input_shape)
        for layer_plan in layer_plans
        if layer_plan.input_shape is not None
    ]


def final_shape(layer_plans: Sequence[LayerPlan], shape: Shape | None) -> Shape | None:
    """Output shape of the last layer, or the given input shape if there are no layers."""
    return layer_plans[-1].output_shape if layer_plans else shape


def final_members(layer_plans: Sequence[LayerPlan], members: Members | None = None) -> Members | None:
    """The members behind the last layer, or the given ones if there are no layers."""
    return _members_behind(layer_plans[-1]) if layer_plans else members


def refuse_members(layer_plans: Sequence[LayerPlan]) -> list[LayerPlan]:
    """The plans of an encoder's layers, with a fault at each that begins members."""
    return [
        replace(layer_plan, output_shape=None, fault=BEGINNING_IN_ENCODER)
        if begins_members(layer_plan.layer)
        else layer_plan
        for layer_plan in layer_plans
    ]
