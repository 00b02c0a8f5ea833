"""Linear maps of the channels at each position."""

from torch import nn

from mtl_core.spec.reports import Shape


def pointwise_linear(inputs: int, outputs: int, shape: Shape) -> nn.Linear | nn.Conv1d | nn.Conv2d:
    """Builds a linear map of the channels at each position: a Linear without positions, else a 1×1 convolution.

    It has no bias, which a normalization after it would cancel.

    Args:
        inputs: Number of input channels.
        outputs: Number of output channels.
        shape: Shape of a row, channels first.

    Raises:
        ValueError: The shape has more than three dimensions or none.
    """
    match len(shape):
        case 1:
            return nn.Linear(inputs, outputs, bias=False)
        case 2:
            return nn.Conv1d(inputs, outputs, 1, bias=False)
        case 3:
            return nn.Conv2d(inputs, outputs, 1, bias=False)
    raise ValueError(f"no map of the channels of a row of shape {shape}")
