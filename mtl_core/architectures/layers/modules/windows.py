"""Padding masks behind layers with windows: convolutions and pooling that change the number of positions."""

import torch
from torch import Tensor, nn

from mtl_core.architectures.layers.modules.bottleneck import Bottleneck
from mtl_core.architectures.layers.modules.resizing import Upsample


def mask_behind_windows(module: nn.Module, count: int, mask: Tensor) -> Tensor | None:
    """The mask ``[N, count]`` of a layer's output, from the mask ``[N, L]`` of its input; None if its rule is unknown.

    A row has as many positions as the layer makes of its text without any padding, and at least one.

    Args:
        module: The layer.
        count: Number of positions that leave it.
        mask: True at the first positions of each row, false behind.
    """
    positions = torch.arange(count, device=mask.device)
    last_read = _last_read(module, positions)
    if last_read is None:
        return None
    return mask.index_select(1, torch.where(positions == 0, 0, last_read.clamp(0, mask.shape[1] - 1)))


def _last_read(module: nn.Module, positions: Tensor) -> Tensor | None:
    """The last position of a text that it must have for the layer to give each of these positions."""
    match module:
        case nn.Conv1d() | nn.MaxPool1d() | nn.AvgPool1d() if not isinstance(module.padding, str):
            padding = 2 * _only(module.padding)
            dilation = 1 if isinstance(module, nn.AvgPool1d) else _only(module.dilation)
            return positions * _only(module.stride) + dilation * (_only(module.kernel_size) - 1) - padding
        case nn.ConvTranspose1d():
            assert isinstance(module.padding, tuple)
            added = _only(module.dilation) * (_only(module.kernel_size) - 1) + _only(module.output_padding)
            first = positions + 2 * _only(module.padding) - added
            return -torch.div(-first, _only(module.stride), rounding_mode="floor")
        case Bottleneck():
            return positions * module.stride
        case Upsample():
            return torch.div(positions, module.factor, rounding_mode="floor")
    return None


def _only(size: int | tuple[int, ...]) -> int:
    return size if isinstance(size, int) else size[0]
