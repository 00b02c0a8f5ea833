"""Layers that make, mark, mix and lay out tokens ``[N, C, L]``."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtl_core.architectures.layers.modules.masks import zero_padding

_INITIAL_STD = 0.02
_LONGEST_WAVE = 10_000.0


class LearnedPositions(nn.Module):
    """Adds a learned vector to each position; padding stays as it is.

    Args:
        channels: C.
        positions: L.
    """

    reads_mask = True

    def __init__(self, channels: int, positions: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(_INITIAL_STD * torch.randn(channels, positions))

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Adds the vectors."""
        return inputs + zero_padding(self.weight.expand_as(inputs), mask)


class SinusoidalPositions(nn.Module):
    """Adds sines and cosines of the position (Vaswani et al., NeurIPS 2017); padding stays as it is."""

    reads_mask = True

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Adds the waves."""
        waves = sinusoids(inputs.shape[1], inputs.shape[2], inputs.device).to(inputs.dtype)
        return inputs + zero_padding(waves.expand_as(inputs), mask)


def sinusoids(channels: int, positions: int, device: torch.device) -> Tensor:
    """``[C, L]``: sin(p / 10000^(c / C)) in even channels c, the cosine of the same wave in the odd ones."""
    channel = torch.arange(channels, device=device)
    even = channel - channel % 2
    rate = torch.exp(even.float() * (-math.log(_LONGEST_WAVE) / channels))
    angle = rate[:, None] * torch.arange(positions, device=device).float()
    return torch.where((channel % 2 == 0)[:, None], angle.sin(), angle.cos())


class ClassToken(nn.Module):
    """Puts a learned token before the others: ``[N, C, L]`` to ``[N, C, L + 1]``.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.token = nn.Parameter(_INITIAL_STD * torch.randn(channels, 1))

    def forward(self, inputs: Tensor) -> Tensor:
        """Adds the token."""
        return torch.cat([self.token.expand(inputs.shape[0], -1, 1).to(inputs.dtype), inputs], dim=2)

    def next_mask(self, mask: Tensor) -> Tensor:
        """The mask with the class token, which is no padding."""
        return torch.cat([torch.ones_like(mask[:, :1]), mask], dim=1)


class PatchEmbedding(nn.Module):
    """Embeds square patches of images: ``[N, C, H, W]`` to tokens ``[N, D, L]``, row by row.

    Args:
        channels: C.
        dimensions: D.
        patch_size: Side of a patch, which divides height and width.
    """

    def __init__(self, channels: int, dimensions: int, patch_size: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(channels, dimensions, patch_size, stride=patch_size)

    def forward(self, inputs: Tensor) -> Tensor:
        """Embeds the patches."""
        patches: Tensor = self.projection(inputs)
        return patches.flatten(2)


class TokensToImage(nn.Module):
    """Lays tokens ``[N, C, L]`` out as an image ``[N, C, H, W]``, row by row.

    Args:
        height: H, which divides the tokens that are left.
        skip: Tokens at the beginning that are left out.
    """

    def __init__(self, height: int, skip: int) -> None:
        super().__init__()
        self.height, self.skip = height, skip

    def forward(self, inputs: Tensor) -> Tensor:
        """Lays the tokens out."""
        tokens = inputs[:, :, self.skip :]
        return tokens.reshape(*tokens.shape[:2], self.height, -1)


class MixerBlock(nn.Module):
    """Mixes positions, then channels: ``[N, C, L]`` (Tolstikhin et al.: MLP-Mixer, NeurIPS 2021).

    Args:
        channels: C.
        positions: L.
        position_features: Width between the layers over positions.
        channel_features: Width between the layers over channels.
        dropout: Share of values set to zero in training, behind each linear layer.
    """

    reads_mask = True

    def __init__(
        self, channels: int, positions: int, position_features: int, channel_features: int, dropout: float
    ) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.positions = _Perceptron(positions, position_features, dropout)
        self.channels = _Perceptron(channels, channel_features, dropout)

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Runs the block; padding is read as zeros."""
        tokens = inputs.transpose(1, 2)
        normalized = zero_padding(self.norm1(tokens).transpose(1, 2), mask)
        tokens = tokens + self.positions(normalized).transpose(1, 2)
        mixed: Tensor = tokens + self.channels(self.norm2(tokens))
        return mixed.transpose(1, 2)


class _Perceptron(nn.Module):
    """Two linear layers over the last dimension, with GELU between them.

    Args:
        width: Size of the last dimension.
        hidden: Width between the layers.
        dropout: Share of values set to zero in training, behind each layer.
    """

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.expand = nn.Linear(width, hidden)
        self.contract = nn.Linear(hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: Tensor) -> Tensor:
        """Runs the layers."""
        hidden = self.dropout(functional.gelu(self.expand(inputs)))
        output: Tensor = self.dropout(self.contract(hidden))
        return output
