"""Residual blocks."""

from torch import Tensor, nn

from mtl_core.architectures.layers.modules.layer_stack import LayerStack


class Residual(nn.Module):
    """Adds the output of layers to their input (He et al., CVPR 2016); without layers it is the identity.

    Args:
        layers: The layers.
        shortcut: Brings the input to the shape of their output; None if it has that shape.
    """

    def __init__(self, layers: LayerStack, shortcut: nn.Module | None) -> None:
        super().__init__()
        self.layers, self.shortcut = layers, shortcut
        self.reads_mask = layers.reads_mask
        self._is_empty = len(layers) == 0

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Runs the layers and adds the input."""
        return self.with_mask(inputs, mask)[0]

    def with_mask(self, inputs: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """As ``forward``; gives the mask of the output too."""
        if self._is_empty:
            return inputs, mask
        outputs, mask = self.layers.with_mask(inputs, mask)
        return outputs + (inputs if self.shortcut is None else self.shortcut(inputs)), mask
