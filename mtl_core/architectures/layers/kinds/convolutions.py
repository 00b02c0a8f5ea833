"""Convolutions, and layers that make images and sequences larger."""

from math import gcd, prod

from torch import nn

from mtl_core.architectures.layers.faults import Fault, QuickFix, arrival_text
from mtl_core.architectures.layers.input_rules import (
    check_parameter_count,
    check_stated_inputs,
    check_value_count,
    dimensions,
    largest_divisor,
    other_rank_fix,
    rank_message,
    setting_fix,
    window_message,
)
from mtl_core.architectures.layers.layer_kind import Kinds, LayerKind, join_details, kernel_detail
from mtl_core.architectures.layers.modules.resizing import Upsample
from mtl_core.spec import layers as spec
from mtl_core.spec.reports import Shape

_Conv = spec.Conv1d | spec.Conv2d
_Depthwise = spec.DepthwiseConv1d | spec.DepthwiseConv2d
_Transposed = spec.ConvTranspose1d | spec.ConvTranspose2d


def check_conv(layer: _Conv, shape: Shape) -> Fault | None:
    """Requires the right number of dimensions, groups that divide the channels, and a window that fits."""
    return (
        _rank_fault(layer, shape)
        or check_stated_inputs(layer, "in_channels", shape)
        or _groups_fault(layer, shape[0])
        or _window_fault(layer, shape, layer.out_channels, layer.groups)
    )


def check_depthwise(layer: _Depthwise, shape: Shape) -> Fault | None:
    """Requires the right number of dimensions and a window that fits."""
    return (
        _rank_fault(layer, shape)
        or check_stated_inputs(layer, "in_channels", shape)
        or _window_fault(layer, shape, shape[0] * layer.multiplier, shape[0])
    )


def check_transposed(layer: _Transposed, shape: Shape) -> Fault | None:
    """Requires the right number of dimensions, less padding of the output than a step, and positions that are left."""
    if fault := _rank_fault(layer, shape) or check_stated_inputs(layer, "in_channels", shape):
        return fault
    if layer.output_padding >= layer.stride:
        return Fault(
            f"{layer.title} adds fewer positions at the end than its stride of {layer.stride}; its output padding is "
            f"{layer.output_padding}.",
            setting_fix(layer, f"Set the output padding to {layer.stride - 1}", output_padding=layer.stride - 1),
        )
    sizes = [
        (size - 1) * layer.stride - 2 * layer.padding + layer.kernel_size + layer.output_padding for size in shape[1:]
    ]
    if min(sizes) < 1:
        padding = max((min(sizes) + 2 * layer.padding - 1) // 2, 0)
        return Fault(
            f"{layer.title} cuts off {layer.padding} positions at each border, which leaves none; "
            f"{arrival_text(shape)}.",
            setting_fix(layer, f"Set padding to {padding}", padding=padding),
        )
    weights = shape[0] * layer.kernel_size ** dimensions(layer)
    return check_parameter_count(layer, (weights + layer.bias) * layer.out_channels) or check_value_count(
        layer, layer.out_channels * prod(sizes)
    )


def check_upsample(layer: spec.Upsample, shape: Shape) -> Fault | None:
    """Requires channels with positions, and an output that can be held."""
    if len(shape) not in (2, 3):
        text = f"{layer.title} takes channels × length or channels × height × width; {arrival_text(shape)}."
        return Fault(text, QuickFix("Remove this layer", ()))
    return check_value_count(layer, prod(shape) * layer.factor ** (len(shape) - 1))


def _rank_fault(layer: _Conv | _Depthwise | _Transposed, shape: Shape) -> Fault | None:
    rank = dimensions(layer) + 1
    if len(shape) == rank:
        return None
    if len(shape) == 1:
        return Fault(rank_message(layer, shape, rank), _fix_for_features(layer))
    return Fault(rank_message(layer, shape, rank), other_rank_fix(layer, shape))


def _fix_for_features(layer: _Conv | _Depthwise | _Transposed) -> QuickFix:
    if isinstance(layer, _Depthwise):
        return QuickFix("Remove this layer", ())
    return QuickFix("Use Linear", (spec.Linear(out_features=layer.out_channels, bias=layer.bias),))


def _groups_fault(layer: _Conv, channels: int) -> Fault | None:
    if channels % layer.groups == 0 and layer.out_channels % layer.groups == 0:
        return None
    groups = largest_divisor(gcd(channels, layer.out_channels), layer.groups)
    return Fault(
        f"{layer.title} splits its channels into {layer.groups} groups, which must divide the channels that arrive "
        f"({channels}) and its own ({layer.out_channels}).",
        setting_fix(layer, f"Set groups to {groups}", groups=groups),
    )


def _window_fault(layer: _Conv | _Depthwise, shape: Shape, out_channels: int, groups: int) -> Fault | None:
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
    weights_per_filter = shape[0] // groups * layer.kernel_size ** dimensions(layer)
    return check_parameter_count(layer, (weights_per_filter + layer.bias) * out_channels) or check_value_count(
        layer, out_channels * prod(sizes)
    )


def _build_conv(layer: _Conv, shape: Shape) -> nn.Module:
    return _window_module(layer, shape[0], layer.out_channels, layer.groups)


def _build_depthwise(layer: _Depthwise, shape: Shape) -> nn.Module:
    return _window_module(layer, shape[0], shape[0] * layer.multiplier, shape[0])


def _window_module(layer: _Conv | _Depthwise, channels: int, out_channels: int, groups: int) -> nn.Module:
    over_image = dimensions(layer) == 2
    span = layer.dilation * (layer.kernel_size - 1)
    # Numeric padding is faster than torch's 'same'; an even window needs one more zero on the right.
    padding = layer.padding if layer.padding != "same" else 0 if span % 2 else span // 2
    conv = (nn.Conv2d if over_image else nn.Conv1d)(
        channels,
        out_channels,
        layer.kernel_size,
        stride=layer.stride,
        padding=padding,
        dilation=layer.dilation,
        groups=groups,
        bias=layer.bias,
    )
    if layer.padding != "same" or span % 2 == 0:
        return conv
    left, right = span // 2, span - span // 2
    pad = nn.ZeroPad2d((left, right, left, right)) if over_image else nn.ZeroPad1d((left, right))
    return nn.Sequential(pad, conv)


def _build_transposed(layer: _Transposed, shape: Shape) -> nn.Module:
    module = nn.ConvTranspose1d if isinstance(layer, spec.ConvTranspose1d) else nn.ConvTranspose2d
    return module(
        shape[0],
        layer.out_channels,
        layer.kernel_size,
        stride=layer.stride,
        padding=layer.padding,
        output_padding=layer.output_padding,
        bias=layer.bias,
    )


def _conv_detail(layer: _Conv) -> str:
    return join_details(
        str(layer.out_channels), *_window_details(layer), f"{layer.groups} groups" if layer.groups != 1 else "",
        "" if layer.bias else "no bias",
    )  # fmt: skip


def _depthwise_detail(layer: _Depthwise) -> str:
    filters = f"{layer.multiplier} filters a channel" if layer.multiplier != 1 else ""
    return join_details(filters, *_window_details(layer), "" if layer.bias else "no bias")


def _window_details(layer: _Conv | _Depthwise) -> tuple[str, ...]:
    return (
        kernel_detail(layer),
        "same" if layer.padding == "same" else f"padding {layer.padding}",
        f"stride {layer.stride}" if layer.stride != 1 else "",
        f"dilation {layer.dilation}" if layer.dilation != 1 else "",
    )


def _transposed_detail(layer: _Transposed) -> str:
    return join_details(
        str(layer.out_channels),
        kernel_detail(layer),
        f"stride {layer.stride}",
        f"padding {layer.padding}" if layer.padding else "",
        f"output padding {layer.output_padding}" if layer.output_padding else "",
        "" if layer.bias else "no bias",
    )


KINDS: Kinds = {
    spec.Conv1d: LayerKind(_build_conv, check_conv, _conv_detail),
    spec.Conv2d: LayerKind(_build_conv, check_conv, _conv_detail),
    spec.DepthwiseConv1d: LayerKind(_build_depthwise, check_depthwise, _depthwise_detail),
    spec.DepthwiseConv2d: LayerKind(_build_depthwise, check_depthwise, _depthwise_detail),
    spec.ConvTranspose1d: LayerKind(_build_transposed, check_transposed, _transposed_detail),
    spec.ConvTranspose2d: LayerKind(_build_transposed, check_transposed, _transposed_detail),
    spec.Upsample: LayerKind(
        lambda layer, _: Upsample(layer.factor, linear=layer.mode == "linear"),
        check_upsample,
        lambda layer: f"×{layer.factor} · {layer.mode}",
    ),
}
