"""Attention, and the tokens that it reads."""

from math import gcd

from torch import nn

from mtl_core.architectures.layers.faults import Fault, QuickFix
from mtl_core.architectures.layers.input_rules import (
    check_parameter_count,
    check_value_count,
    largest_divisor,
    rank_message,
    setting_fix,
)
from mtl_core.architectures.layers.layer_kind import Kinds, LayerKind, join_details
from mtl_core.architectures.layers.modules.attention import (
    ChannelsFirst,
    MultiHeadAttention,
    SelfAttention,
    TransformerBlock,
)
from mtl_core.architectures.layers.modules.tokens import (
    ClassToken,
    LearnedPositions,
    MixerBlock,
    SinusoidalPositions,
)
from mtl_core.spec import layers as spec
from mtl_core.spec.base import Spec
from mtl_core.spec.reports import Shape

_WIDER = 4
"""The hidden layers of transformer and mixer blocks are this many times as wide as their channels."""


def check_tokens(layer: Spec, shape: Shape) -> Fault | None:
    """Requires tokens: channels × length."""
    if len(shape) == 2:
        return None
    message = rank_message(layer, shape, 2)
    if len(shape) != 3:
        return Fault(message, QuickFix("Remove this layer", ()))
    patches = spec.PatchEmbedding(patch_size=largest_divisor(gcd(shape[1], shape[2]), 4))
    return Fault(message, QuickFix(f"Add {patches.title} before", (patches, layer)))


def check_self_attention(layer: spec.SelfAttention, shape: Shape) -> Fault | None:
    """Requires tokens, and attention weights that can be held."""
    if fault := check_tokens(layer, shape):
        return fault
    weights = 3 * (shape[0] + layer.bias) * (layer.dimensions or shape[0])
    return check_parameter_count(layer, weights) or check_value_count(layer, shape[1] ** 2)


def check_heads(layer: spec.MultiHeadAttention | spec.TransformerBlock, shape: Shape) -> Fault | None:
    """Requires tokens, heads that divide their channels, and weights that can be held."""
    if fault := check_tokens(layer, shape):
        return fault
    channels, positions = shape
    if channels % layer.heads:
        heads = largest_divisor(channels, layer.heads)
        return Fault(
            f"{layer.title} needs a number of heads that divides the channels; {layer.heads} heads do not divide "
            f"{channels}.",
            setting_fix(layer, f"Set the heads to {heads}", heads=heads),
        )
    hidden, gated = 0, False
    if isinstance(layer, spec.TransformerBlock):
        hidden, gated = _hidden(layer.feed_forward, channels), layer.activation == "reglu"
    return check_parameter_count(layer, 4 * channels**2 + (2 + gated) * channels * hidden) or check_value_count(
        layer, max(layer.heads * positions**2, hidden * positions)
    )


def check_mixer(layer: spec.MixerBlock, shape: Shape) -> Fault | None:
    """Requires tokens, and weights that can be held."""
    if fault := check_tokens(layer, shape):
        return fault
    channels, positions = shape
    over_positions, over_channels = _mixer_widths(layer, shape)
    weights = 2 * (channels * over_channels + positions * over_positions)
    return check_parameter_count(layer, weights) or check_value_count(
        layer, max(over_channels * positions, over_positions * channels)
    )


def _hidden(width: int | None, channels: int) -> int:
    return _WIDER * channels if width is None else width


def _mixer_widths(layer: spec.MixerBlock, shape: Shape) -> tuple[int, int]:
    return layer.position_features or shape[1], _hidden(layer.channel_features, shape[0])


def _build_self_attention(layer: spec.SelfAttention, shape: Shape) -> nn.Module:
    return SelfAttention(shape[0], layer.dimensions or shape[0], bias=layer.bias, dropout=layer.dropout)


def _build_multi_head(layer: spec.MultiHeadAttention, shape: Shape) -> nn.Module:
    return ChannelsFirst(MultiHeadAttention(shape[0], layer.heads, bias=layer.bias, dropout=layer.dropout))


def _build_block(layer: spec.TransformerBlock, shape: Shape) -> nn.Module:
    hidden = _hidden(layer.feed_forward, shape[0])
    activation = {"relu": layer.activation != "gelu", "gated": layer.activation == "reglu"}
    settings = {"pre_norm": layer.norm == "pre", **activation}
    return ChannelsFirst(TransformerBlock(shape[0], layer.heads, hidden, dropout=layer.dropout, **settings))


def _build_positions(layer: spec.PositionalEncoding, shape: Shape) -> nn.Module:
    return LearnedPositions(*shape) if layer.encoding == "learned" else SinusoidalPositions()


def _build_mixer(layer: spec.MixerBlock, shape: Shape) -> nn.Module:
    channels, positions = shape
    return MixerBlock(channels, positions, *_mixer_widths(layer, shape), dropout=layer.dropout)


def _dropout_detail(dropout: float) -> str:
    return f"dropout {dropout:g}" if dropout else ""


def _heads_detail(heads: int) -> str:
    return f"{heads} head{'' if heads == 1 else 's'}"


KINDS: Kinds = {
    spec.SelfAttention: LayerKind(
        _build_self_attention,
        check_self_attention,
        lambda layer: join_details(
            str(layer.dimensions or ""), "" if layer.bias else "no bias", _dropout_detail(layer.dropout)
        ),
    ),
    spec.MultiHeadAttention: LayerKind(
        _build_multi_head,
        check_heads,
        lambda layer: join_details(
            _heads_detail(layer.heads), "" if layer.bias else "no bias", _dropout_detail(layer.dropout)
        ),
    ),
    spec.TransformerBlock: LayerKind(
        _build_block,
        check_heads,
        lambda layer: join_details(
            _heads_detail(layer.heads),
            f"width {layer.feed_forward}" if layer.feed_forward else "",
            "post-norm" if layer.norm == "post" else "",
            _dropout_detail(layer.dropout),
        ),
    ),
    spec.PositionalEncoding: LayerKind(_build_positions, check_tokens, lambda layer: str(layer.encoding)),
    spec.ClassToken: LayerKind(lambda _, shape: ClassToken(shape[0]), check_tokens),
    spec.MixerBlock: LayerKind(
        _build_mixer,
        check_mixer,
        lambda layer: join_details(
            *(str(width) for width in (layer.position_features, layer.channel_features) if width),
            _dropout_detail(layer.dropout),
        ),
    ),
}
