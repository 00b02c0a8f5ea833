"""Self-attention and transformer blocks, channels first: ``[N, C, L]``.

The products are written out, not taken from torch's fused kernels, whose gradients cannot be differentiated again
(GradNorm does) or computed for several sets of parameters at once.
"""

from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtl_core.architectures.layers.modules.masks import hide_padding


class SelfAttention(nn.Module):
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

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attends to all positions but padding."""
        tokens = inputs.transpose(1, 2)
        outputs = attend(self.query(tokens), self.key(tokens), self.value(tokens), mask, self.dropout)
        return outputs.transpose(1, 2)


class MultiHeadAttention(nn.Module):
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
        nn.init.xavier_uniform_(self.inputs.weight)
        if bias:
            nn.init.zeros_(self.inputs.bias)
            nn.init.zeros_(self.output.bias)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attends to all tokens but padding."""
        query, key, value = (self._split_heads(part) for part in self.inputs(tokens).chunk(3, dim=-1))
        outputs: Tensor = self.output(attend(query, key, value, mask, self.dropout).transpose(1, 2).flatten(2))
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


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout: nn.Module) -> Tensor:
    """Computes softmax(query · keyᵀ / √D) · value.

    Args:
        query: ``[N, …, L, D]``, as ``key`` and ``value``.
        key: What the queries are compared with.
        value: What is averaged.
        mask: ``[N, L]``, which positions are no padding.
        dropout: Applied to the attention weights.
    """
    scores = query @ key.transpose(-2, -1) / sqrt(query.shape[-1])
    outputs: Tensor = dropout(torch.softmax(hide_padding(scores, mask), dim=-1)) @ value
    return outputs
