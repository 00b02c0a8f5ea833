"""Layers one after another: each is really built, on no device, and run to see what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import nn

from mtl_core.architectures.layers import input_rules
from mtl_core.architectures.layers.errors import Fault, arrives
from mtl_core.architectures.layers.registry import KINDS
from mtl_core.spec.base import Spec
from mtl_core.spec.reports import Shape

_ROWS = 2
"""Rows of the trial batch; batch norm needs more than one in training."""


@dataclass(frozen=True)
class Step:
    """A layer of a stack after the trial.

    Attributes:
        layer: The layer.
        arriving: Shape before it without the batch; None behind a fault, where nothing is known any more.
        leaving: Shape after it; None when it cannot be built or stands behind a fault.
        parameters: Number of learned values.
        fault: Why it cannot be built.
    """

    layer: Spec
    arriving: Shape | None
    leaving: Shape | None = None
    parameters: int = 0
    fault: Fault | None = None


def try_out(
    layers: Sequence[Spec], shape: Shape | None, parameters: int = 0, *, reads_input: bool = True
) -> list[Step]:
    """Build and run layers on torch's meta device.

    Args:
        layers: First to last.
        shape: What arrives at the first one, without the batch; None when a layer before is at fault.
        parameters: Parameters of the model's layers before these.
        reads_input: Whether the first of them reads the model's input as it is.
    """
    steps: list[Step] = []
    for layer in layers:
        fault = input_rules.first(layer, shape) if steps or not reads_input else None
        step = Step(layer, shape, fault=fault) if shape is None or fault else _try(layer, shape, parameters)
        steps.append(step)
        shape = step.leaving
        parameters += step.parameters
    return steps


def _try(layer: Spec, shape: Shape, before: int) -> Step:
    if not shape or not prod(shape):
        return Step(layer, shape, fault=Fault(f"{layer.title} needs something to work on; {arrives(shape)}."))
    if fault := KINDS[type(layer)].check(layer, shape):
        return Step(layer, shape, fault=fault)
    try:
        with torch.no_grad(), torch.device("meta"):
            module = KINDS[type(layer)].build(layer, shape).train()
            leaving = tuple(module(torch.empty(_ROWS, *shape)).shape[1:])
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return Step(layer, shape, fault=Fault(f"{layer.title} cannot be built; {arrives(shape)} ({reason})."))
    parameters = sum(p.numel() for p in module.parameters())
    if fault := input_rules.too_large(layer, parameters, before) or input_rules.too_long(layer, prod(leaving)):
        return Step(layer, shape, fault=fault)
    return Step(layer, shape, leaving, parameters)


def modules_of(steps: Sequence[Step]) -> list[nn.Module]:
    """The layers built for use, on the device and with the random numbers torch uses at the moment."""
    return [KINDS[type(step.layer)].build(step.layer, step.arriving) for step in steps if step.arriving is not None]


def end_of(steps: Sequence[Step], shape: Shape | None) -> Shape | None:
    """What leaves the last of the layers, or the shape itself when there is none."""
    return steps[-1].leaving if steps else shape
