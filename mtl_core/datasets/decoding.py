"""Decoders: from what is stored of an input to what the model reads, a chunk of rows at a time."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Decoder(Protocol):
    """Turns stored rows ``[B, …]`` into float32 inputs ``[B, …]`` on the same device."""

    def __call__(self, stored: Tensor) -> Tensor:
        """Decode rows; the result does not depend on which rows are decoded together."""
        ...


@dataclass(frozen=True)
class PixelScaling:
    """Scales pixels of 0…255 by the mean and the standard deviation of the training rows.

    Attributes:
        mean: Mean pixel.
        std: Standard deviation, above 0.
    """

    mean: float
    std: float

    def __call__(self, stored: Tensor) -> Tensor:
        """Scale pixels ``[B, C, H, W]``."""
        # Tensors, since some devices multiply by the inverse of a number instead of dividing by it.
        mean, std = torch.tensor([self.mean, self.std], dtype=torch.float32, device=stored.device).unbind()
        return stored.float().sub_(mean).div_(std)
