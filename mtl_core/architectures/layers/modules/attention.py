"""Self-attention and transformer blocks, channels first: ``[N, C, L]``.

The products are written out, not taken from torch's fused kernels, whose gradients cannot be differentiated again
(GradNorm does) or computed for several sets of parameters at once.
"""

from math import sqrt
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtl_core.architectures.layers.modules.masks import hide_padding


class Prefix(NamedTuple):
    """Learned keys and values in front of those of an attention layer (Li & Liang, ACL 2021).

    Attributes:
        keys: ``[heads, P, D]``; one head for a layer without heads.
        values: ``[heads, P, E]``.
    """

    keys: Tensor
    values: Tensor

    def prepend(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Puts them before keys ``[N, …, L, D]`` and values ``[N, …, L, E]``."""
        pairs = ((self.keys, key), (self.values, value))
        key, value = (
            torch.cat([ours.to(theirs.dtype).expand(*theirs.shape[:-2], -1, -1), theirs], dim=-2)
            for ours, theirs in pairs
        )
        return key, value


class PrefixSizes(NamedTuple):
    """What a prefix of an attention layer must have: heads, and the numbers in a key and in a value."""

    heads: int
    key: int
    value: int


class Attention(nn.Module):
    """The base of attention layers, which also read a prefix while they have one.

    Attributes:
        prefix: Set while a model runs for a task that has one.
        prefix_sizes: The sizes of a prefix.
    """

    prefix: Prefix | None = None
    prefix_sizes: PrefixSizes


class SelfAttention(Attention):
    """Single-head self-attention: ``[N, C, L]`` to ``[N, D, L]`` (Vaswani et al., NeurIPS 2017).

    Args:
        channels: C.
        dimensions: D, numbers in a query, key and value.
        bias: Whether queries, keys and values have offsets.
        dropout: Share of the attention weights set to zero in training.
    """

    reads_mask = True

    def __init__(self, channels: int, dimensions: int, *, bias: bool, dropout: float) -> None:
        super().__init__()
        self.query = nn.Linear(channels, dimensions, bias=bias)
        self.key = nn.Linear(channels, dimensions, bias=bias)
        self.value = nn.Linear(channels, dimensions, bias=bias)
        self.dropout = nn.Dropout(dropout)
        self.prefix_sizes = PrefixSizes(1, dimensions, dimensions)

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attends to all positions but padding."""
        tokens = inputs.transpose(1, 2)
        query, key, value = self.query(tokens), self.key(tokens), self.value(tokens)
        outputs = attend(query, key, value, mask, self.dropout, prefix=self.prefix)
        return outputs.transpose(1, 2)


class MultiHeadAttention(Attention):
    """Multi-head self-attention of tokens ``[N, L, C]``, computed and initialized as ``nn.MultiheadAttention``.

    Args:
        channels: C, which the heads divide.
        heads: Number of heads.
        bias: Whether its linear layers have offsets.
        dropout: Share of the attention weights set to zero in training.
    """

    def __init__(self, channels: int, heads: int, *, bias: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.inputs = nn.Linear(channels, 3 * channels, bias=bias)
        self.output = nn.Linear(channels, channels, bias=bias)
        self.dropout = nn.Dropout(dropout)
        self.prefix_sizes = PrefixSizes(heads, channels // heads, channels // heads)
        nn.init.xavier_uniform_(self.inputs.weight)
        if bias:
            nn.init.zeros_(self.inputs.bias)
            nn.init.zeros_(self.output.bias)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attends to all tokens but padding."""
        query, key, value = (self._split_heads(part) for part in self.inputs(tokens).chunk(3, dim=-1))
        attended = attend(query, key, value, mask, self.dropout, prefix=self.prefix)
        outputs: Tensor = self.output(attended.transpose(1, 2).flatten(2))
        return outputs

    def _split_heads(self, tokens: Tensor) -> Tensor:
        """``[N, L, C]`` as ``[N, heads, L, C / heads]``."""
        return tokens.reshape(*tokens.shape[:2], self.heads, -1).transpose(1, 2)


class ChannelsFirst(nn.Module):
    """Runs a module of tokens ``[N, L, C]`` on ``[N, C, L]``.

    Args:
        tokens: Its ``forward`` takes the tokens and their mask.
    """

    reads_mask = True

    def __init__(self, tokens: nn.Module) -> None:
        super().__init__()
        self.tokens = tokens

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Runs the module."""
        outputs: Tensor = self.tokens(inputs.transpose(1, 2), mask)
        return outputs.transpose(1, 2)


class TransformerBlock(nn.Module):
    """Transformer encoder block of tokens ``[N, L, C]``, computed as ``nn.TransformerEncoderLayer``.

    Args:
        channels: C.
        heads: Number of attention heads, which divides C.
        hidden: Width between the two linear layers.
        dropout: Share of values set to zero in training: attention weights, hidden values and what enters the skips.
        pre_norm: Whether what enters attention and linear layers is normalized, or what leaves the skips.
        relu: Whether the activation is ReLU, or GELU.
        gated: Whether the hidden values are the products of linear ones with activated ones; with ReLU it is ReGLU
            (Shazeer 2020).
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        hidden: int,
        *,
        dropout: float,
        pre_norm: bool,
        relu: bool,
        gated: bool = False,
    ) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(channels, heads, dropout=dropout)
        self.expand = nn.Linear(channels, 2 * hidden if gated else hidden)
        self.contract = nn.Linear(hidden, channels)
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.dropout = nn.Dropout(dropout)
        self._pre_norm, self._gated = pre_norm, gated
        self._activation = functional.relu if relu else functional.gelu

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Runs the block."""
        if self._pre_norm:
            tokens = tokens + self._attend(self.norm1(tokens), mask)
            return tokens + self._feed_forward(self.norm2(tokens))
        tokens = self.norm1(tokens + self._attend(tokens, mask))
        output: Tensor = self.norm2(tokens + self._feed_forward(tokens))
        return output

    def _attend(self, tokens: Tensor, mask: Tensor | None) -> Tensor:
        output: Tensor = self.dropout(self.attention(tokens, mask))
        return output

    def _feed_forward(self, tokens: Tensor) -> Tensor:
        hidden: Tensor = self.expand(tokens)
        if self._gated:
            values, gates = hidden.chunk(2, dim=-1)
            hidden = values * self._activation(gates)
        else:
            hidden = self._activation(hidden)
        output: Tensor = self.dropout(self.contract(self.dropout(hidden)))
        return output


def attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout: nn.Module, *, prefix: Prefix | None = None
) -> Tensor:
    """Computes softmax(query · keyᵀ / √D) · value.

    Args:
        query: ``[N, …, L, D]``, as ``key`` and ``value``.
        key: What the queries are compared with.
        value: What is averaged.
        mask: ``[N, L]``, which positions are no padding.
        dropout: Applied to the attention weights.
        prefix: Keys and values that stand before the others, and are no padding.
    """
    if prefix is not None:
        key, value = prefix.prepend(key, value)
        mask = None if mask is None else functional.pad(mask, (prefix.keys.shape[-2], 0), value=1)
    scores = query @ key.transpose(-2, -1) / sqrt(query.shape[-1])
    outputs: Tensor = dropout(torch.softmax(hide_padding(scores, mask), dim=-1)) @ value
    return outputs
