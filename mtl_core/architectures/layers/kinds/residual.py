"""Blocks that hold a list of layers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from mtl_core.architectures.layers.faults import Fault, QuickFix, arrival_text, format_shape
from mtl_core.architectures.layers.input_rules import check_parameter_count
from mtl_core.architectures.layers.members import MemberCopies
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.architectures.layers.modules.pointwise import pointwise_linear
from mtl_core.architectures.layers.modules.residual import Residual
from mtl_core.architectures.layers.modules.resizing import AdaptiveAvgPool
from mtl_core.spec import layers as spec
from mtl_core.spec.base import Spec
from mtl_core.spec.reports import Shape

MAX_DEPTH = 8
"""Blocks may hold blocks, this deep."""


@dataclass(frozen=True)
class BlockKind:
    """How a kind of layer is built, checked and described that holds layers of its own, as its setting ``layers``.

    Attributes:
        wrap: Builds the module from the block's spec, its layers, the shapes of their input and output, and the number
            of members with weights of their own.
        check: The fault of layers with such an output, or None.
        detail: The block's settings as a few words for the diagram.
    """

    wrap: Callable[[Any, LayerStack, Shape, Shape, int], nn.Module]
    check: Callable[[Any, Shape, Shape], Fault | None]
    detail: Callable[[Any], str]


def check_residual(layer: spec.Residual, shape: Shape, inner: Shape) -> Fault | None:
    """Requires an output with as many dimensions as the input, and a projection that fits in memory."""
    if len(shape) == len(inner) and len(shape) in (1, 2, 3):
        return check_parameter_count(layer, shape[0] * inner[0] if shape[0] != inner[0] else 0)
    return Fault(
        f"{layer.title} adds what its layers make to what arrives, which needs as many dimensions: they make "
        f"{format_shape(inner)}; {arrival_text(shape)}.",
        QuickFix("Take its layers without the skip", tuple(layer.layers)),
    )


def check_depth(layer: Spec, depth: int) -> Fault | None:
    """Requires a block to be in fewer than `MAX_DEPTH` others."""
    if depth < MAX_DEPTH:
        return None
    return Fault(f"{layer.title} is in {depth} other blocks; at most {MAX_DEPTH - 1} are.", QuickFix("Remove it", ()))


def _wrap_residual(_: spec.Residual, layers: LayerStack, shape: Shape, inner: Shape, copies: int) -> nn.Module:
    shortcut: list[nn.Module] = []
    if shape[1:] != inner[1:]:
        shortcut.append(AdaptiveAvgPool(*inner[1:]))
    if shape[0] != inner[0]:
        maps = [pointwise_linear(shape[0], inner[0], inner) for _ in range(copies)]
        shortcut.append(MemberCopies(maps) if copies > 1 else maps[0])
    return Residual(layers, nn.Sequential(*shortcut) if shortcut else None)


def _detail(layer: spec.Residual) -> str:
    return " · ".join(inner.title for inner in layer.layers)


BLOCKS: dict[type[Spec], BlockKind] = {spec.Residual: BlockKind(_wrap_residual, check_residual, _detail)}
"""The kinds of layers that hold layers."""
