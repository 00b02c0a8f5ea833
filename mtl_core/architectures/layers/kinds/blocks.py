"""Blocks of convolutional networks."""

from collections.abc import Callable
from functools import partial
from math import prod

from torch import nn

from mtl_core.architectures.layers.faults import Fault, QuickFix, arrival_text
from mtl_core.architectures.layers.input_rules import (
    check_parameter_count,
    check_value_count,
    dimensions,
    largest_divisor,
    other_rank_fix,
    rank_message,
    setting_fix,
)
from mtl_core.architectures.layers.layer_kind import Kinds, LayerKind, join_details, kernel_detail
from mtl_core.architectures.layers.modules.bottleneck import Bottleneck
from mtl_core.architectures.layers.modules.scaling import SqueezeExcite
from mtl_core.spec import layers as spec
from mtl_core.spec.reports import Shape

_Bottleneck = spec.Bottleneck1d | spec.Bottleneck2d
_MAX_GROUPS = 8


def check_bottleneck(layer: _Bottleneck, shape: Shape) -> Fault | None:
    """Requires the right number of dimensions, an odd window, and values to normalize."""
    rank = dimensions(layer) + 1
    if len(shape) != rank:
        quick_fix = (
            QuickFix("Use Linear", (spec.Linear(out_features=layer.out_channels), spec.ReLU()))
            if len(shape) == 1
            else other_rank_fix(layer, shape)
        )
        return Fault(rank_message(layer, shape, rank), quick_fix)
    if layer.kernel_size % 2 == 0:
        size = layer.kernel_size + 1
        return Fault(
            f"{layer.title} needs a window of an odd number of positions, which has a middle; it has "
            f"{layer.kernel_size}.",
            setting_fix(layer, f"Set the kernel size to {size}", kernel_size=size),
        )
    sizes = [(size - 1) // layer.stride + 1 for size in shape[1:]]
    width = bottleneck_width(layer)
    if layer.norm == "group" and width * prod(sizes) < 2:
        return Fault(
            f"{layer.title} needs at least two values a row to normalize; it keeps one.",
            setting_fix(layer, "Normalize over the batch", norm="batch"),
        )
    window_weights = width * width * layer.kernel_size ** dimensions(layer)
    weights = shape[0] * width + window_weights + (width + shape[0]) * layer.out_channels
    return check_parameter_count(layer, weights) or check_value_count(
        layer, max(width * prod(shape[1:]), layer.out_channels * prod(sizes))
    )


def bottleneck_width(layer: _Bottleneck) -> int:
    """The number of channels that the window sees."""
    return max(layer.out_channels // layer.reduction, 1)


def check_squeeze_excite(layer: spec.SqueezeExcite, shape: Shape) -> Fault | None:
    """Requires channels with positions."""
    if len(shape) in (2, 3):
        return check_parameter_count(layer, 2 * shape[0] * _squeezed(layer, shape))
    text = f"{layer.title} takes channels × length or channels × height × width; {arrival_text(shape)}."
    return Fault(text, QuickFix("Remove this layer", ()))


def _squeezed(layer: spec.SqueezeExcite, shape: Shape) -> int:
    return max(shape[0] // layer.reduction, 1)


def _build_bottleneck(layer: _Bottleneck, shape: Shape) -> nn.Module:
    over_image = dimensions(layer) == 2
    batch_norm = nn.BatchNorm2d if over_image else nn.BatchNorm1d
    norm: Callable[[int], nn.Module] = batch_norm if layer.norm == "batch" else partial(_group_norm, shape=shape)
    channels = (shape[0], bottleneck_width(layer), layer.out_channels)
    return Bottleneck(nn.Conv2d if over_image else nn.Conv1d, norm, channels, layer.kernel_size, layer.stride)


def _group_norm(channels: int, shape: Shape) -> nn.Module:
    """Group normalization of at most eight groups, each with more than one value a row."""
    maximum = channels if prod(shape[1:]) > 1 else max(channels // 2, 1)
    return nn.GroupNorm(largest_divisor(channels, min(_MAX_GROUPS, maximum)), channels)


def _bottleneck_detail(layer: _Bottleneck) -> str:
    return join_details(
        str(layer.out_channels),
        kernel_detail(layer),
        f"stride {layer.stride}" if layer.stride != 1 else "",
        f"width {bottleneck_width(layer)}",
        "group norm" if layer.norm == "group" else "",
    )


KINDS: Kinds = {
    spec.Bottleneck1d: LayerKind(_build_bottleneck, check_bottleneck, _bottleneck_detail),
    spec.Bottleneck2d: LayerKind(_build_bottleneck, check_bottleneck, _bottleneck_detail),
    spec.SqueezeExcite: LayerKind(
        lambda layer, shape: SqueezeExcite(shape[0], _squeezed(layer, shape)),
        check_squeeze_excite,
        lambda layer: f"÷{layer.reduction}",
    ),
}
