"""Multi-head attention and the transformer block of the kinds of fusion that read tokens."""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

_MAX_SCORES = 2**16
"""Scores of one row and head up to which they are computed as one matrix."""
_FEED_FORWARD_FACTOR = 4


class MultiHeadAttention(nn.Module):
    """Multi-head attention (Vaswani et al.: Attention Is All You Need, NeurIPS 2017).

    Args:
        width: Width of the tokens.
        heads: Number of heads; must divide the width.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def forward(self, queries: Tensor, context: Tensor, mask: Tensor | None) -> Tensor:
        """What each query gets of the context, ``[N, L, width]``; zeros in a row whose context is all hidden.

        Args:
            queries: ``[N, L, width]``.
            context: Tokens that are attended to, ``[N, S, width]``.
            mask: ``[N, S]``, false at hidden tokens; None if none is hidden.
        """
        query, key, value = (
            layer(tokens).unflatten(2, (self._heads, -1)).transpose(1, 2)
            for layer, tokens in ((self.query, queries), (self.key, context), (self.value, context))
        )
        if mask is None:
            return self._join_heads(attend(query, key, value, None))
        readable = mask.any(dim=1)
        mask = mask | ~readable.unsqueeze(1)
        output = self._join_heads(attend(query, key, value, mask[:, None, None]))
        return output.masked_fill(~readable[:, None, None], 0)

    def _join_heads(self, values: Tensor) -> Tensor:
        output: Tensor = self.output(values.transpose(1, 2).flatten(2))
        return output


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """Scaled dot-product attention: ``softmax(QKᵀ/√d)V``.

    Args:
        query: ``[…, L, d]``.
        key: ``[…, S, d]``.
        value: ``[…, S, d]``.
        mask: Broadcast to ``[…, L, S]``, false where a query must not attend; None for nowhere.
    """
    if query.shape[-2] * key.shape[-2] > _MAX_SCORES:  # a kernel that needs no memory for the scores
        return scaled_dot_product_attention(query, key, value, attn_mask=mask)
    # The kernel has no rule for vmap, by which several runs train together.
    scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return torch.softmax(scores, dim=-1).to(value.dtype) @ value


class AttentionBlock(nn.Module):
    """Transformer block with normalization before each part: attention, then a feed-forward network.

    Args:
        width: Width of the tokens.
        heads: Number of attention heads.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward_norm = nn.LayerNorm(width)
        hidden = _FEED_FORWARD_FACTOR * width
        self.feed_forward = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, queries: Tensor, context: Tensor, mask: Tensor | None) -> Tensor:
        """The queries ``[N, L, width]`` after attending to the context; see :class:`MultiHeadAttention`."""
        tokens = queries + self.attention(self.attention_norm(queries), self.attention_norm(context), mask)
        output: Tensor = tokens + self.feed_forward(self.feed_forward_norm(tokens))
        return output
