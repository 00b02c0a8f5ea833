"""Layers that change the number of positions by matrix products, whose gradients are deterministic on every device."""

import torch
from torch import Tensor, nn


class AdaptiveAvgPool(nn.Module):
    """Adaptive average pooling: ``[N, C, …]`` to ``[N, C, size, …]``, as torch's, which is not deterministic on a GPU.

    Args:
        *sizes: Number of positions that leave, in each direction.
    """

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.sizes = sizes

    def forward(self, inputs: Tensor) -> Tensor:
        """Averages windows of positions."""
        for dim, size in enumerate(self.sizes, 2):
            if inputs.shape[dim] != size:
                inputs = _map_positions(inputs, dim, _averaging_matrix(inputs.shape[dim], size, inputs.device))
        return inputs


class Upsample(nn.Module):
    """Makes ``[N, C, …]`` a whole number of times larger in each direction.

    Args:
        factor: How many times.
        linear: Whether to interpolate linearly, as torch's bilinear mode does, or to repeat each position.
    """

    def __init__(self, factor: int, *, linear: bool) -> None:
        super().__init__()
        self.factor, self.linear = factor, linear

    def forward(self, inputs: Tensor) -> Tensor:
        """Repeats positions or interpolates between them."""
        for dim in range(2, inputs.dim()):
            size = inputs.shape[dim]
            if self.linear:
                inputs = _map_positions(inputs, dim, _interpolation_matrix(size, self.factor, inputs.device))
            else:
                sizes = [-1] * (inputs.dim() + 1)
                sizes[dim + 1] = self.factor
                inputs = inputs.unsqueeze(dim + 1).expand(sizes).flatten(dim, dim + 1)
        return inputs


def _map_positions(inputs: Tensor, dim: int, matrix: Tensor) -> Tensor:
    """Multiplies one dimension of positions by a matrix ``[new, old]``."""
    return (inputs.movedim(dim, -1) @ matrix.mT.to(inputs.dtype)).movedim(-1, dim)


def _averaging_matrix(size: int, target: int, device: torch.device) -> Tensor:
    """``[target, size]``: each row averages a window of positions."""
    rows = torch.arange(target, device=device)[:, None]
    positions = torch.arange(size, device=device)
    starts = torch.div(rows * size, target, rounding_mode="floor")
    stops = torch.div((rows + 1) * size + target - 1, target, rounding_mode="floor")
    window = ((positions >= starts) & (positions < stops)).float()
    return window / window.sum(dim=1, keepdim=True)


def _interpolation_matrix(size: int, factor: int, device: torch.device) -> Tensor:
    """``[factor * size, size]``: each row interpolates between two neighbors; the ends are repeated."""
    places = (torch.arange(factor * size, device=device).float() + 0.5) / factor - 0.5
    distances = places.clamp(0, size - 1)[:, None] - torch.arange(size, device=device).float()
    return (1 - distances.abs()).clamp(min=0)
