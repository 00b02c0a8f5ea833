"""Pooling over positions."""

import torch
from torch import Tensor, nn

from mtl_core.architectures.layers.modules.masks import hide_padding, masked_mean, zero_padding


class GlobalAvgPool(nn.Module):
    """Global average pooling: ``[N, C, …]`` to ``[N, C]``."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Averages every dimension after the channels."""
        return inputs.flatten(2).mean(dim=2)


class GlobalMaxPool(nn.Module):
    """Global max pooling: ``[N, C, …]`` to ``[N, C]``."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Takes the maximum of every dimension after the channels."""
        return inputs.flatten(2).amax(dim=2)


class SequencePool(nn.Module):
    """Pools ``[N, C, …]`` over all positions but padding: ``[N, C]``.

    Args:
        kind: ``mean``, ``max``, or ``attention`` for a mean whose weights are a softmax of a linear layer.
        channels: C.
    """

    reads_mask = True

    def __init__(self, kind: str, channels: int) -> None:
        super().__init__()
        self._kind = kind
        self.score = nn.Linear(channels, 1, bias=False) if kind == "attention" else None

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Pools the positions."""
        if self._kind == "mean":
            return masked_mean(inputs, mask)
        positions = inputs.flatten(2)
        if self.score is None:
            return hide_padding(positions, mask).amax(dim=2)
        scores = self.score(positions.transpose(1, 2)).transpose(1, 2)
        return (positions * torch.softmax(hide_padding(scores, mask), dim=2)).sum(dim=2)


class SelectPosition(nn.Module):
    """The features at the first or the last position that is no padding: ``[N, C, L]`` to ``[N, C]``.

    Args:
        last: Whether it is the last one.
    """

    reads_mask = True

    def __init__(self, *, last: bool) -> None:
        super().__init__()
        self._last = last

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Selects the position."""
        if not self._last:
            return inputs[:, :, 0]
        if mask is None:
            return inputs[:, :, -1]
        places = torch.arange(inputs.shape[2], device=inputs.device) * mask.bool()
        selected = torch.arange(inputs.shape[2], device=inputs.device) == places.amax(dim=1, keepdim=True)
        return zero_padding(inputs, selected).sum(dim=2)
