"""The module of the layer."""

import torch
from torch import Tensor, nn

from mtlw_example.specs import Scale


class ScaleModule(nn.Module):
    """Multiplies by a learned factor."""

    def __init__(self, initial: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(initial))

    def forward(self, values: Tensor) -> Tensor:
        """The values times the factor."""
        return values * self.factor


def build(layer: Scale, shape: tuple[int, ...]) -> nn.Module:
    """The layer as it is set, for any shape."""
    return ScaleModule(layer.initial)


def detail(layer: Scale) -> str:
    """The settings in the diagram."""
    return f"from {layer.initial:g}"
