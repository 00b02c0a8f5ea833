"""Noise and random omission in training."""

import torch
from torch import Tensor, nn


class GaussianNoise(nn.Module):
    """Adds Gaussian noise in training mode (Bishop 1995); the identity otherwise.

    Args:
        std: Standard deviation of the noise.
    """

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = std

    def forward(self, inputs: Tensor) -> Tensor:
        """Adds the noise."""
        return inputs + self.std * torch.randn_like(inputs) if self.training else inputs


class StochasticDepth(nn.Module):
    """Sets whole rows to zero in training mode and scales the others up (Huang et al., ECCV 2016).

    Args:
        p: Share of the rows set to zero.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, inputs: Tensor) -> Tensor:
        """Drops rows."""
        if not self.training or not self.p:
            return inputs
        first = inputs.flatten(1)[:, :1]
        kept = (torch.rand_like(first) >= self.p).to(inputs.dtype) / (1 - self.p)
        return inputs * kept.view(-1, *[1] * (inputs.dim() - 1))
