"""Pooling over positions."""

from torch import Tensor, nn


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
