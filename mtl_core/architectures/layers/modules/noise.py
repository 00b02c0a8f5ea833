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
