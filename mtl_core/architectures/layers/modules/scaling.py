"""Layers that scale channels: root mean square normalization, learned factors, squeeze and excite."""

import torch
from torch import Tensor, nn

from mtl_core.architectures.layers.modules.masks import masked_mean


class RMSNorm(nn.Module):
    """Root mean square normalization of the channels of each position: ``[N, C, …]`` (Zhang & Sennrich 2019).

    Args:
        channels: Number of channels.
        eps: Added to the mean square.
    """

    def __init__(self, channels: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.eps = eps

    def forward(self, inputs: Tensor) -> Tensor:
        """Normalizes over the channels."""
        inverse = torch.rsqrt(inputs.square().mean(dim=1, keepdim=True) + self.eps)
        return inputs * inverse * per_channel(self.weight, inputs)


class LayerScale(nn.Module):
    """A learned factor for each channel (Touvron et al., ICCV 2021).

    Args:
        channels: Number of channels.
        initial: Its value at the start.
    """

    def __init__(self, channels: int, initial: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), initial))

    def forward(self, inputs: Tensor) -> Tensor:
        """Scales the channels."""
        return inputs * per_channel(self.weight, inputs)


class SqueezeExcite(nn.Module):
    """Squeeze and excite: weights of the channels from the means of all channels (Hu et al., CVPR 2018).

    Args:
        channels: Number of channels.
        hidden: Width of the layer between.
    """

    reads_mask = True

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, hidden)
        self.excite = nn.Linear(hidden, channels)

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Scales the channels; positions that are padding are in no mean."""
        weights = torch.sigmoid(self.excite(torch.relu(self.squeeze(masked_mean(inputs, mask)))))
        return inputs * weights.view(*weights.shape, *[1] * (inputs.dim() - 2))


def per_channel(values: Tensor, inputs: Tensor) -> Tensor:
    """``[C]`` as ``[C, 1, …]``, to be combined with ``[N, C, …]``."""
    return values.view(-1, *[1] * (inputs.dim() - 2))
