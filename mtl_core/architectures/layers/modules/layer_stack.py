"""A sequence of layers that hands the padding mask of a text to those that read it."""

from typing import Any

from torch import Tensor, nn

from mtl_core.architectures.layers.modules.windows import mask_behind_windows


class LayerStack(nn.Sequential):
    """An ``nn.Sequential`` whose layers share the padding mask ``[N, L]`` of a text, with the same parameter names.

    The mask comes from a first layer that reads tokens (it has ``padding_mask``), or from the caller. It goes to layers
    with ``reads_mask``; what becomes of it, a layer says that holds layers (``with_mask``) or adds positions or rows
    (``next_mask``). Behind a layer with windows the mask is as long as the layer's output; elsewhere it ends where the
    number of positions changes.

    Attributes:
        reads_mask: Whether a layer reads the mask.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._readers = tuple(reads_mask(module) for module in self)
        self.reads_mask = any(self._readers)
        self._reads_tokens = len(self) > 0 and hasattr(self[0], "padding_mask")

    def forward(self, input: Tensor, mask: Tensor | None = None) -> Tensor:  # noqa: A002  # the name in torch
        """Runs the layers."""
        if self.reads_mask and (self._reads_tokens or mask is not None):
            return self.with_mask(input, mask)[0]
        for module in self:
            input = module(input)  # noqa: A001  # as above
        return input

    def with_mask(self, inputs: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Runs the layers; gives the output, and its mask if it has positions of which that is known."""
        if self._reads_tokens:
            mask = token_padding(self[0], inputs)
        if mask is None:
            return self(inputs), None
        for module, is_reader in zip(self, self._readers, strict=True):
            inputs, mask = run_with_mask(module, inputs, mask, is_reader=is_reader)
        return inputs, mask


def token_padding(module: Any, tokens: Tensor) -> Tensor | None:
    """The mask of what a first layer reads; None if that is no text."""
    mask: Tensor | None = module.padding_mask(tokens)
    return mask


def reads_mask(module: nn.Module) -> bool:
    """Whether a module takes the mask as its second argument."""
    return bool(getattr(module, "reads_mask", False))


def run_with_mask(module: Any, inputs: Tensor, mask: Tensor | None, *, is_reader: bool) -> tuple[Tensor, Tensor | None]:
    """Runs a layer; gives its output, and the mask of that.

    Args:
        module: The layer.
        inputs: ``[N, …]``.
        mask: Their mask.
        is_reader: Whether it takes the mask.
    """
    if mask is not None and hasattr(module, "with_mask"):
        result: tuple[Tensor, Tensor | None] = module.with_mask(inputs, mask)
        return result
    outputs: Tensor = module(inputs, mask) if is_reader else module(inputs)
    return outputs, next_mask(module, outputs, mask)


def next_mask(module: nn.Module, outputs: Tensor, mask: Tensor | None) -> Tensor | None:
    """The mask of a layer's output, from the mask of its input."""
    if mask is None:
        return None
    if change := getattr(module, "next_mask", None):
        changed: Tensor | None = change(mask)
        return changed
    if has_positions_of(outputs, mask):
        return mask
    return None if outputs.dim() != 3 else mask_behind_windows(module, outputs.shape[2], mask)


def has_positions_of(outputs: Tensor, mask: Tensor) -> bool:
    """Whether features ``[N, C, L]`` have the positions of a mask."""
    return outputs.dim() == 3 and outputs.shape[2] == mask.shape[1]
