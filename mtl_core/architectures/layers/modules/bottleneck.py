"""The bottleneck block of residual networks."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


class Bottleneck(nn.Module):
    """Bottleneck block: 1×1 convolution, window, 1×1 convolution, beside a shortcut (He et al., CVPR 2016).

    Args:
        conv: ``nn.Conv1d`` or ``nn.Conv2d``.
        norm: Builds the normalization of a number of channels.
        channels: Channels that arrive, channels that the window sees, and channels that leave.
        kernel_size: Size of the window, odd.
        stride: Step of the window.

    Attributes:
        stride: Step of the window.
    """

    def __init__(
        self,
        conv: type[nn.Conv1d] | type[nn.Conv2d],
        norm: Callable[[int], nn.Module],
        channels: tuple[int, int, int],
        kernel_size: int,
        stride: int,
    ) -> None:
        super().__init__()
        inputs, width, outputs = channels
        self.stride = stride
        self.block = nn.Sequential(
            conv(inputs, width, 1, bias=False),
            norm(width),
            nn.ReLU(),
            conv(width, width, kernel_size, stride=stride, padding=kernel_size // 2, bias=False),
            norm(width),
            nn.ReLU(),
            conv(width, outputs, 1, bias=False),
            norm(outputs),
        )
        keeps_shape = inputs == outputs and stride == 1
        self.shortcut = (
            nn.Identity()
            if keeps_shape
            else nn.Sequential(conv(inputs, outputs, 1, stride=stride, bias=False), norm(outputs))
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Runs the block and adds the shortcut."""
        return torch.relu(self.block(inputs) + self.shortcut(inputs))
