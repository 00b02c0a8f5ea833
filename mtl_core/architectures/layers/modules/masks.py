"""Padding masks: ``[N, L]``, true at positions with a token of the text, false behind its end.

A mask that went through a model's features may be a tensor of zeros and ones, since features are float tensors.
"""

import torch
from torch import Tensor

from mtl_core.spec.inputs.text import PADDING


def token_mask(tokens: Tensor) -> Tensor:
    """The mask of texts ``[N, L]``; a text without any token keeps its first position, so that there is one to read."""
    first = torch.arange(tokens.shape[1], device=tokens.device) == 0
    return (tokens > PADDING) | first


def zero_padding(inputs: Tensor, mask: Tensor | None) -> Tensor:
    """``[N, C, L]`` with zeros at positions that are padding."""
    return inputs if mask is None else inputs.masked_fill(~mask.bool().unsqueeze(1), 0.0)


def masked_mean(inputs: Tensor, mask: Tensor | None) -> Tensor:
    """The mean of ``[N, C, …]`` over all positions that are no padding, ``[N, C]``."""
    if mask is None:
        return inputs.flatten(2).mean(dim=2)
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    return zero_padding(inputs, mask).sum(dim=2) / count


def hide_padding(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Scores ``[N, …, L]`` that a softmax over positions turns to 0 at padding."""
    if mask is None:
        return scores
    hidden = ~mask.bool().view(mask.shape[0], *[1] * (scores.dim() - 2), mask.shape[1])
    return scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
