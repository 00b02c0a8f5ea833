"""The few layers torch has no module of the right shape for."""

from torch import Tensor, nn


class GlobalAvgPool(nn.Module):
    """The mean over all positions: ``[N, C, …]`` to ``[N, C]``."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Average every dimension after the channels."""
        return inputs.flatten(2).mean(dim=2)


class GlobalMaxPool(nn.Module):
    """The largest value over all positions: ``[N, C, …]`` to ``[N, C]``."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Take the maximum of every dimension after the channels."""
        return inputs.flatten(2).amax(dim=2)
