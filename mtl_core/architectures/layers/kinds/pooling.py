"""Pooling, and flattening of positions into features."""

from collections.abc import Callable
from math import prod

from torch import nn

from mtl_core.architectures.layers.faults import Fault, QuickFix, arrival_text
from mtl_core.architectures.layers.input_rules import (
    check_value_count,
    dimensions,
    other_rank_fix,
    rank_message,
    setting_fix,
    window_message,
)
from mtl_core.architectures.layers.layer_kind import (
    Kinds,
    LayerKind,
    join_details,
    kernel_detail,
    kind_without_settings,
)
from mtl_core.architectures.layers.modules.pooling import GlobalAvgPool, GlobalMaxPool, SelectPosition, SequencePool
from mtl_core.architectures.layers.modules.resizing import AdaptiveAvgPool
from mtl_core.spec import layers as spec
from mtl_core.spec.reports import Shape

_Pool = spec.MaxPool1d | spec.MaxPool2d | spec.AvgPool1d | spec.AvgPool2d


def check_pool(layer: _Pool, shape: Shape) -> Fault | None:
    """Requires the right number of dimensions and a window that fits the padded input."""
    rank = dimensions(layer) + 1
    if len(shape) != rank:
        quick_fix = QuickFix("Remove this layer", ()) if len(shape) == 1 else other_rank_fix(layer, shape)
        return Fault(rank_message(layer, shape, rank), quick_fix)
    maximum = layer.kernel_size // 2
    if layer.padding > maximum:
        return Fault(
            f"{layer.title} pads by at most half its window of {layer.kernel_size}; its padding is {layer.padding}.",
            setting_fix(layer, f"Set padding to {maximum}", padding=maximum),
        )
    padded = min(shape[1:]) + 2 * layer.padding
    if layer.kernel_size > padded:
        smaller_window = setting_fix(layer, f"Set the kernel size to {padded}", kernel_size=padded)
        return Fault(
            window_message(layer, layer.kernel_size, padded),
            smaller_window if padded > 1 else QuickFix("Remove this layer", ()),
        )
    stride = layer.stride or layer.kernel_size
    sizes = [(size + 2 * layer.padding - layer.kernel_size) // stride + 1 for size in shape[1:]]
    return check_value_count(layer, shape[0] * prod(sizes))


def check_global_pool(layer: spec.GlobalAvgPool | spec.GlobalMaxPool | spec.SequencePool, shape: Shape) -> Fault | None:
    """Requires channels with positions."""
    if len(shape) >= 2:
        return None
    text = f"{layer.title} takes channels × length or channels × height × width; {arrival_text(shape)}."
    return Fault(text, QuickFix("Remove this layer", ()))


def check_adaptive_pool(layer: spec.AdaptiveAvgPool, shape: Shape) -> Fault | None:
    """Requires channels with positions, and an output that can be held."""
    if len(shape) in (2, 3):
        return check_value_count(layer, shape[0] * layer.output_size ** (len(shape) - 1))
    text = f"{layer.title} takes channels × length or channels × height × width; {arrival_text(shape)}."
    return Fault(text, QuickFix("Remove this layer", ()))


def check_select_position(layer: spec.SelectPosition, shape: Shape) -> Fault | None:
    """Requires channels × length."""
    if len(shape) == 2:
        return None
    quick_fix = (
        QuickFix("Remove this layer", ())
        if len(shape) == 1
        else QuickFix(f"Use {spec.GlobalAvgPool.title}", (spec.GlobalAvgPool(),))
    )
    return Fault(rank_message(layer, shape, 2), quick_fix)


def _pool_kind(module: Callable[..., nn.Module]) -> LayerKind:
    def build(layer: _Pool, _: Shape) -> nn.Module:
        return module(layer.kernel_size, stride=layer.stride, padding=layer.padding)

    return LayerKind(build, check_pool, _pool_detail)


def _pool_detail(layer: _Pool) -> str:
    return join_details(
        kernel_detail(layer),
        f"stride {layer.stride}" if layer.stride not in (None, layer.kernel_size) else "",
        f"padding {layer.padding}" if layer.padding else "",
    )


KINDS: Kinds = {
    spec.MaxPool1d: _pool_kind(nn.MaxPool1d),
    spec.MaxPool2d: _pool_kind(nn.MaxPool2d),
    spec.AvgPool1d: _pool_kind(nn.AvgPool1d),
    spec.AvgPool2d: _pool_kind(nn.AvgPool2d),
    spec.AdaptiveAvgPool: LayerKind(
        lambda layer, shape: AdaptiveAvgPool(*[layer.output_size] * (len(shape) - 1)),
        check_adaptive_pool,
        lambda layer: f"to {layer.output_size}",
    ),
    spec.Flatten: kind_without_settings(nn.Flatten),
    spec.GlobalAvgPool: kind_without_settings(GlobalAvgPool, check_global_pool),
    spec.GlobalMaxPool: kind_without_settings(GlobalMaxPool, check_global_pool),
    spec.SequencePool: LayerKind(
        lambda layer, shape: SequencePool(layer.pool, shape[0]), check_global_pool, lambda layer: str(layer.pool)
    ),
    spec.SelectPosition: LayerKind(
        lambda layer, _: SelectPosition(last=layer.position == "last"),
        check_select_position,
        lambda layer: str(layer.position),
    ),
}
