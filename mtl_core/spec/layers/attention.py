"""Attention, and the tokens that it reads: channels × length, where every position is a token."""

from typing import ClassVar, Literal

from mtl_core.spec.base import Spec, field

_DROPOUT = "Share of the values set to zero while training."


class SelfAttention(Spec):
    """Every position asks all others: softmax(query · key / √dimensions) · value, in one head (Vaswani et al. 2017)."""

    title: ClassVar[str] = "Self-attention"
    kind: Literal["self_attention"] = "self_attention"
    dimensions: int | None = field(
        None, "Numbers in a query, key and value; empty: as many as channels arrive.", ge=1, le=100_000, scale="log"
    )
    bias: bool = field(True, "Add a learned offset to queries, keys and values.")
    dropout: float = field(0.0, "Share of the attention weights set to zero while training.", ge=0, lt=1)


class MultiHeadAttention(Spec):
    """Self-attention in several heads, each on a part of the channels, and a linear layer (Vaswani et al. 2017)."""

    title: ClassVar[str] = "Multi-head attention"
    kind: Literal["multi_head_attention"] = "multi_head_attention"
    heads: int = field(4, "Number of heads; it must divide the channels.", ge=1, le=1024)
    bias: bool = field(True, "Add learned offsets.")
    dropout: float = field(0.0, "Share of the attention weights set to zero while training.", ge=0, lt=1)


class TransformerBlock(Spec):
    """Multi-head self-attention, then two linear layers at each position, each beside a skip (Vaswani et al. 2017)."""

    title: ClassVar[str] = "Transformer block"
    kind: Literal["transformer_block"] = "transformer_block"
    heads: int = field(4, "Number of attention heads; it must divide the channels.", ge=1, le=1024)
    feed_forward: int | None = field(
        None, "Width between the two linear layers; empty: four times the channels.", ge=1, le=1_000_000, scale="log"
    )
    dropout: float = field(0.1, _DROPOUT, ge=0, lt=1)
    norm: Literal["pre", "post"] = field(
        "pre", "Normalize what attention and linear layers read, or as in the paper what leaves each skip."
    )
    activation: Literal["gelu", "relu", "reglu"] = field(
        "gelu",
        "Between the two linear layers; ReGLU multiplies half of what the first one gives by the ReLU of the rest.",
    )


class PositionalEncoding(Spec):
    """Add to each token a vector that tells its position, which attention alone does not see."""

    title: ClassVar[str] = "Positional encoding"
    kind: Literal["positional_encoding"] = "positional_encoding"
    encoding: Literal["learned", "sinusoidal"] = field(
        "learned", "Learn a vector for each position, or take sines and cosines of many wavelengths."
    )


class ClassToken(Spec):
    """Put a learned token before the others, in which attention gathers what a class is told from."""

    title: ClassVar[str] = "Class token"
    kind: Literal["class_token"] = "class_token"


class MixerBlock(Spec):
    """Two linear layers over the positions of each channel, then two over the channels (Tolstikhin et al. 2021)."""

    title: ClassVar[str] = "Mixer block"
    kind: Literal["mixer_block"] = "mixer_block"
    position_features: int | None = field(
        None, "Width between the layers over positions; empty: as many as positions.", ge=1, le=1_000_000, scale="log"
    )
    channel_features: int | None = field(
        None, "Width between the layers over channels; empty: four times the channels.", ge=1, le=1_000_000, scale="log"
    )
    dropout: float = field(0.0, _DROPOUT, ge=0, lt=1)
