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
        layers: Its own layers, of a block that has some.
    """

    layer: Spec
    input_shape: Shape | None
    output_shape: Shape | None = None
    parameters: int = 0
    fault: Fault | None = None
    layers: tuple["LayerPlan", ...] = ()

    @property
    def has_fault(self) -> bool:
        """Whether it, or a layer in it, cannot be built."""
        return self.fault is not None or any(layer.has_fault for layer in self.layers)


def plan_layers(
    layers: Sequence[Spec], shape: Shape | None, parameters: int = 0, *, reads_input: bool = True, depth: int = 0
) -> list[LayerPlan]:
    """Builds and runs layers on torch's meta device.

    Args:
        layers: First to last.
        shape: Input shape of the first one, without the batch dimension; None if a layer before has a fault.
        parameters: Parameters of the model's layers before these.
        reads_input: Whether the first of them reads the model's input.
        depth: Number of blocks that these are in.
    """
    layer_plans: list[LayerPlan] = []
    for layer in layers:
        fault = input_rules.check_first_layer(layer, shape) if layer_plans or not reads_input else None
        layer_plan = (
            LayerPlan(layer, shape, fault=fault)
            if shape is None or fault
            else _plan_layer(layer, shape, parameters, depth)
        )
        layer_plans.append(layer_plan)
        shape = layer_plan.output_shape
        parameters += layer_plan.parameters
    return layer_plans


def _plan_layer(layer: Spec, shape: Shape, parameters_before: int, depth: int) -> LayerPlan:
    if not shape or not prod(shape):
        return LayerPlan(layer, shape, fault=Fault(f"{layer.title} needs something to work on; {arrival_text(shape)}."))
    if type(layer) in BLOCKS:
        return _plan_block(layer, shape, parameters_before, depth)
    if fault := KINDS[type(layer)].check(layer, shape):
        return LayerPlan(layer, shape, fault=fault)
    return _measure(LayerPlan(layer, shape), parameters_before)


def _plan_block(block: Spec, shape: Shape, parameters_before: int, depth: int) -> LayerPlan:
    """Plans the layers of a block, then the block around them."""
    if fault := check_depth(block, depth):
        return LayerPlan(block, shape, fault=fault)
    inner = plan_layers(_layers_of(block), shape, parameters_before, reads_input=False, depth=depth + 1)
    plan = LayerPlan(block, shape, layers=tuple(inner))
    inner_shape = final_shape(inner, shape)
    if inner_shape is None:
        return plan
    if fault := BLOCKS[type(block)].check(block, shape, inner_shape):
        return LayerPlan(block, shape, fault=fault)
    return _measure(plan, parameters_before)


def _layers_of(block: Spec) -> Sequence[Spec]:
    layers: Sequence[Spec] = block.layers  # type: ignore[attr-defined]  # every block has them
    return layers


def _measure(plan: LayerPlan, parameters_before: int) -> LayerPlan:
    """The plan with the output shape and size of its module, built and run on the meta device."""
    layer, shape = plan.layer, plan.input_shape
    assert shape is not None
    try:
        with torch.no_grad(), torch.device("meta"):
            module = _build_module(plan, shape).train()
            output_shape = tuple(module(torch.empty(_ROWS, *shape)).shape[1:])
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return LayerPlan(layer, shape, fault=Fault(f"{layer.title} cannot be built; {arrival_text(shape)} ({reason})."))
    parameters = sum(p.numel() for p in module.parameters())
    if fault := input_rules.check_parameter_count(
        layer, parameters, parameters_before
    ) or input_rules.check_value_count(layer, prod(output_shape)):
        return LayerPlan(layer, shape, fault=fault)
    return replace(plan, output_shape=output_shape, parameters=parameters)


def _build_module(plan: LayerPlan, shape: Shape) -> nn.Module:
    block = BLOCKS.get(type(plan.layer))
    if block is None:
        return KINDS[type(plan.layer)].build(plan.layer, shape)
    inner_shape = final_shape(plan.layers, shape)
    assert inner_shape is not None
    return block.wrap(plan.layer, LayerStack(*build_modules(plan.layers)), shape, inner_shape)


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
