"""Convolutions."""

from math import gcd, prod

from torch import nn

from mtl_core.architectures.layers.faults import Fault, QuickFix
from mtl_core.architectures.layers.input_rules import (
    check_parameter_count,
    check_value_count,
    dimensions,
    largest_divisor,
    other_rank_fix,
    rank_message,
    setting_fix,
    window_message,
)
from mtl_core.architectures.layers.layer_kind import Kinds, LayerKind, join_details, kernel_detail
from mtl_core.spec import layers as spec
from mtl_core.spec.reports import Shape

Conv = spec.Conv1d | spec.Conv2d


def check_conv(layer: Conv, shape: Shape) -> Fault | None:
    """Requires the right number of dimensions, groups that divide the channels, and a window that fits."""
    return _rank_fault(layer, shape) or _groups_fault(layer, shape[0]) or _window_fault(layer, shape)


def _rank_fault(layer: Conv, shape: Shape) -> Fault | None:
    rank = dimensions(layer) + 1
    if len(shape) == rank:
        return None
    if len(shape) == 1:
        linear = spec.Linear(out_features=layer.out_channels, bias=layer.bias)
        return Fault(rank_message(layer, shape, rank), QuickFix("Use Linear", (linear,)))
    return Fault(rank_message(layer, shape, rank), other_rank_fix(layer, shape))


def _groups_fault(layer: Conv, channels: int) -> Fault | None:
    if channels % layer.groups == 0 and layer.out_channels % layer.groups == 0:
        return None
    groups = largest_divisor(gcd(channels, layer.out_channels), layer.groups)
    return Fault(
        f"{layer.title} splits its channels into {layer.groups} groups, which must divide the channels that arrive "
        f"({channels}) and its own ({layer.out_channels}).",
        setting_fix(layer, f"Set groups to {groups}", groups=groups),
    )


def _window_fault(layer: Conv, shape: Shape) -> Fault | None:
    window = layer.dilation * (layer.kernel_size - 1) + 1
    if layer.padding == "same":
        if layer.stride != 1:
            return Fault(
                f"{layer.title} keeps the size with padding 'same', so its stride must be 1; it is {layer.stride}.",
                setting_fix(layer, f"Set padding to {window // 2}", padding=window // 2),
            )
        sizes = shape[1:]
    else:
        padded = [size + 2 * layer.padding for size in shape[1:]]
        if window > min(padded):
            kernel = (min(padded) - 1) // layer.dilation + 1
            return Fault(
                window_message(layer, window, min(padded)),
                setting_fix(layer, f"Set the kernel size to {kernel}", kernel_size=kernel),
            )
        sizes = tuple((size - window) // layer.stride + 1 for size in padded)
    weights_per_filter = shape[0] // layer.groups * layer.kernel_size ** dimensions(layer)
    return check_parameter_count(layer, (weights_per_filter + layer.bias) * layer.out_channels) or check_value_count(
        layer, layer.out_channels * prod(sizes)
    )


def build_conv(layer: Conv, shape: Shape) -> nn.Module:
    """Builds a convolution; an even window with padding 'same' gets one more zero on the right."""
    over_image = isinstance(layer, spec.Conv2d)
    span = layer.dilation * (layer.kernel_size - 1)
    # Numeric padding is faster than torch's 'same'; an even window needs one more zero on the right.
    padding = layer.padding if layer.padding != "same" else 0 if span % 2 else span // 2
    conv = (nn.Conv2d if over_image else nn.Conv1d)(
        shape[0],
        layer.out_channels,
        layer.kernel_size,
        stride=layer.stride,
        padding=padding,
        dilation=layer.dilation,
        groups=layer.groups,
        bias=layer.bias,
    )
    if layer.padding != "same" or span % 2 == 0:
        return conv
    left, right = span // 2, span - span // 2
    pad = nn.ZeroPad2d((left, right, left, right)) if over_image else nn.ZeroPad1d((left, right))
    return nn.Sequential(pad, conv)


def _detail(layer: Conv) -> str:
    return join_details(
        str(layer.out_channels),
        kernel_detail(layer),
        "same" if layer.padding == "same" else f"padding {layer.padding}",
        f"stride {layer.stride}" if layer.stride != 1 else "",
        f"dilation {layer.dilation}" if layer.dilation != 1 else "",
        f"{layer.groups} groups" if layer.groups != 1 else "",
        "" if layer.bias else "no bias",
    )


KINDS: Kinds = {
    spec.Conv1d: LayerKind(build_conv, check_conv, _detail),
    spec.Conv2d: LayerKind(build_conv, check_conv, _detail),
}
