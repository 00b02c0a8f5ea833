"""Normalization, dropout and noise."""

from collections.abc import Callable
from math import prod

from torch import nn

from mtl_core.architectures.layers.faults import Fault, QuickFix, arrival_text
from mtl_core.architectures.layers.input_rules import largest_divisor, other_rank_fix, rank_message, setting_fix
from mtl_core.architectures.layers.layer_kind import Kinds, LayerKind, join_details
from mtl_core.architectures.layers.modules.noise import GaussianNoise, StochasticDepth
from mtl_core.architectures.layers.modules.scaling import LayerScale, RMSNorm
from mtl_core.spec import layers as spec
from mtl_core.spec.reports import Shape

_BatchNorm = spec.BatchNorm1d | spec.BatchNorm2d


def check_batch_norm(layer: _BatchNorm, shape: Shape) -> Fault | None:
    """Requires features or a sequence for BatchNorm1d, an image for BatchNorm2d."""
    if isinstance(layer, spec.BatchNorm2d):
        return None if len(shape) == 3 else Fault(rank_message(layer, shape, 3), other_rank_fix(layer, shape))
    if len(shape) in (1, 2):
        return None
    text = f"{layer.title} takes features, or channels × length; {arrival_text(shape)}."
    return Fault(text, other_rank_fix(layer, shape))


def check_group_norm(layer: spec.GroupNorm, shape: Shape) -> Fault | None:
    """Requires groups that divide the channels and hold more than one value each."""
    channels, positions = shape[0], prod(shape[1:])
    maximum = min(layer.num_groups, channels if positions > 1 else channels // 2)
    if maximum < 1:
        return Fault(
            f"{layer.title} needs at least two values a row; {arrival_text(shape)}.", QuickFix("Remove this layer", ())
        )
    groups = largest_divisor(channels, maximum)
    if groups == layer.num_groups:
        return None
    quick_fix = setting_fix(layer, f"Set the groups to {groups}", num_groups=groups)
    if channels % layer.num_groups:
        return Fault(
            f"{layer.title} needs a number of groups that divides the channels; "
            f"{layer.num_groups} groups do not divide {channels}.",
            quick_fix,
        )
    return Fault(
        f"{layer.title} needs at least two values in each group; {layer.num_groups} groups of {channels} "
        "leave one in each.",
        quick_fix,
    )


def check_dropout2d(layer: spec.Dropout2d, shape: Shape) -> Fault | None:
    """Requires channels with positions."""
    if len(shape) in (2, 3):
        return None
    text = f"{layer.title} takes channels × height × width, or channels × length; {arrival_text(shape)}."
    return Fault(text, QuickFix("Use Dropout", (spec.Dropout(p=layer.p),)))


def _batch_norm_kind(module: Callable[..., nn.Module]) -> LayerKind:
    def build(layer: _BatchNorm, shape: Shape) -> nn.Module:
        return module(shape[0], eps=layer.eps, momentum=layer.momentum, affine=layer.affine)

    return LayerKind(build, check_batch_norm, _batch_norm_detail)


def _batch_norm_detail(layer: _BatchNorm) -> str:
    momentum = "" if layer.momentum == 0.1 else f"momentum {layer.momentum:g}"
    return join_details(momentum, "" if layer.affine else "not learned")


def _build_dropout2d(layer: spec.Dropout2d, shape: Shape) -> nn.Module:
    return nn.Dropout2d(layer.p) if len(shape) == 3 else nn.Dropout1d(layer.p)


def _dropout_detail(layer: spec.Dropout | spec.Dropout2d | spec.StochasticDepth) -> str:
    return f"p {layer.p:g}"


KINDS: Kinds = {
    spec.BatchNorm1d: _batch_norm_kind(nn.BatchNorm1d),
    spec.BatchNorm2d: _batch_norm_kind(nn.BatchNorm2d),
    spec.LayerNorm: LayerKind(lambda layer, shape: nn.LayerNorm(shape, eps=layer.eps)),
    spec.GroupNorm: LayerKind(
        lambda layer, shape: nn.GroupNorm(layer.num_groups, shape[0]),
        check_group_norm,
        lambda layer: f"{layer.num_groups} group{'' if layer.num_groups == 1 else 's'}",
    ),
    spec.RMSNorm: LayerKind(lambda layer, shape: RMSNorm(shape[0], layer.eps)),
    spec.LayerScale: LayerKind(
        lambda layer, shape: LayerScale(shape[0], layer.initial), detail=lambda layer: f"from {layer.initial:g}"
    ),
    spec.Dropout: LayerKind(lambda layer, _: nn.Dropout(layer.p), detail=_dropout_detail),
    spec.Dropout2d: LayerKind(_build_dropout2d, check_dropout2d, _dropout_detail),
    spec.StochasticDepth: LayerKind(lambda layer, _: StochasticDepth(layer.p), detail=_dropout_detail),
    spec.GaussianNoise: LayerKind(lambda layer, _: GaussianNoise(layer.std), detail=lambda layer: f"std {layer.std:g}"),
}
