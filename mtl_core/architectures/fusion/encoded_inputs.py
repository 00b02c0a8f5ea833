"""The front of a model: reads its inputs, each by its encoder, and fuses them to one tensor."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mtl_core.architectures.fusion.components.input_modules import InputModules, InputParameters
from mtl_core.architectures.fusion.components.rows import presence_columns
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.spec.fusion.base import BaseFusion
from mtl_core.spec.inputs.base import presence_key
from mtl_core.spec.reports import Shape

_MIN_NORMALIZED = 2
"""Rows below which batch normalization has no statistics."""


class SingleInput(nn.Module):
    """The only input of a model as it comes, without parameters.

    Args:
        name: Its name.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.names = (name,)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The input ``[N, …]``."""
        return inputs[self.names[0]]

    def with_mask(self, inputs: Mapping[str, Tensor]) -> tuple[Tensor, None]:
        """The input, of which no padding mask is known yet."""
        return inputs[self.names[0]], None


class EncodedInputs(nn.Module):
    """Encoders of several inputs, and their fusion.

    A row may lack an input: then the mapping has ``[N]`` of the rows that have it under the input's `presence_key`.
    What the encoder makes of the other rows is replaced: by a learned stand-in, or by zeros with a mask for the fusion.
    While training, modality dropout hides further inputs in the same way.

    Args:
        encoders: The encoder of each input, in the order of the inputs.
        fusion: Its ``forward(features, present, padding)`` reads the features of all inputs ``[N, …]``; ``[N]`` of each
            input that some row lacks, whose features there are zeros; and ``[N, L]`` of each input of which is known
            which positions are real, at least one in each row. One that keeps the positions of an input names it
            (``positions_of``).
        shapes: Shape of each encoder's output.
        spec: The fusion's spec: what takes the place of missing inputs, and modality dropout.
    """

    def __init__(
        self, encoders: Mapping[str, LayerStack], fusion: nn.Module, shapes: Mapping[str, Shape], spec: BaseFusion
    ) -> None:
        super().__init__()
        self.names = tuple(encoders)
        self.encoders = InputModules(encoders)
        self.fusion = fusion
        self.stand_ins = (
            InputParameters({name: nn.Parameter(torch.zeros(stand_in_shape(shapes[name]))) for name in encoders})
            if spec.missing == "stand_in"
            else None
        )
        self._dropout = spec.modality_dropout if len(encoders) > 1 else 0.0
        self._positions_of: str | None = getattr(fusion, "positions_of", None)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The fused inputs ``[N, …]``."""
        return self.with_mask(inputs)[0]

    def with_mask(self, inputs: Mapping[str, Tensor]) -> tuple[Tensor, Tensor | None]:
        """The fused inputs ``[N, …]``, and their padding mask where they keep the positions of a text."""
        present = {name: inputs[presence_key(name)] for name in self.names if presence_key(name) in inputs}
        features: dict[str, Tensor] = {}
        padding: dict[str, Tensor] = {}
        for name in self.names:
            features[name], positions = self._encode(name, inputs[name], present.get(name))
            if positions is not None:
                padding[name] = positions
        if self.training and self._dropout:
            present = self._hide_inputs(present, features[self.names[0]])
        for name, mask in present.items():
            features[name] = self._replace_absent(name, features[name], mask)
            if features[name].dim() > 2 and (self.stand_ins is not None or name in padding):
                padding[name] = _only_first_where_absent(features[name], mask, padding.get(name))
        output: Tensor = self.fusion(features, {} if self.stand_ins is not None else present, padding)
        return output, padding.get(self._positions_of or "") if output.dim() == 3 else None

    def _encode(self, name: str, inputs: Tensor, present: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Features of an input, and their padding mask where it is known; those of rows that lack it mean nothing.

        Only batch normalization in training mixes rows. Those that lack the input hold any filler, which must not
        count: they are left out. A single row that is left has no statistics; it is normalized by the running ones.
        """
        encoder = self.encoders.for_input(name)
        assert isinstance(encoder, LayerStack)
        if present is None or not (norms := _training_norms(encoder)):
            return encoder.with_mask(inputs)
        rows = present.nonzero().squeeze(1)
        if len(rows) == len(present):
            return encoder.with_mask(inputs)
        if len(rows) < _MIN_NORMALIZED:
            with _running_statistics(norms):
                return encoder.with_mask(inputs)
        features, mask = encoder.with_mask(inputs.index_select(0, rows))
        return _place_rows(features, rows, len(present)), None if mask is None else _place_rows(
            mask, rows, len(present)
        )

    def _hide_inputs(self, present: Mapping[str, Tensor], rows: Tensor) -> dict[str, Tensor]:
        """``[N]`` of each input: where it is present and not hidden by modality dropout.

        Every input is hidden independently of the others, but for the one that a row would otherwise be left with.
        """
        draws = torch.rand(rows.shape[0], len(self.names), device=rows.device)
        if (columns := presence_columns(self.names, present, rows)) is not None:
            draws = draws.masked_fill(~columns, -1.0)
        largest = torch.arange(len(self.names), device=rows.device) == draws.argmax(dim=1, keepdim=True)
        kept = (draws >= self._dropout) | largest & (draws >= 0)
        return dict(zip(self.names, kept.unbind(dim=1), strict=True))

    def _replace_absent(self, name: str, features: Tensor, present: Tensor) -> Tensor:
        """The features with the stand-in, or zeros, in the rows that lack the input."""
        mask = present.view(-1, *[1] * (features.dim() - 1))
        if self.stand_ins is None:
            return features.masked_fill(~mask, 0)
        return torch.where(mask, features, self.stand_ins.for_input(name).to(features.dtype))


def stand_in_shape(shape: Shape) -> Shape:
    """The shape of the stand-in for features of a shape: a value for each channel, the same at all positions."""
    return (*shape[:1], *[1] * (len(shape) - 1))


def _training_norms(module: nn.Module) -> list[_BatchNorm]:
    """The layers in a module that normalize by the statistics of the batch."""
    return [part for part in module.modules() if isinstance(part, _BatchNorm) and part.training]


@contextmanager
def _running_statistics(norms: Sequence[_BatchNorm]) -> Iterator[None]:
    """Lets batch normalization use its running statistics, as in evaluation, and keep them as they are."""
    try:
        for norm in norms:
            norm.eval()
        yield
    finally:
        for norm in norms:
            norm.train()


def _place_rows(tensor: Tensor, rows: Tensor, count: int) -> Tensor:
    """A tensor of ``count`` rows with those of another at the given places, and zeros elsewhere."""
    return tensor.new_zeros(count, *tensor.shape[1:]).index_copy(0, rows, tensor)


def _is_first(positions: Tensor) -> Tensor:
    return torch.arange(positions.shape[1], device=positions.device) == 0


def _only_first_where_absent(features: Tensor, present: Tensor, padding: Tensor | None) -> Tensor:
    """``[N, L]``: which positions are real, only the first one where the input is absent."""
    first = _is_first(features.flatten(2)[:, 0])
    return present.unsqueeze(1) & (True if padding is None else padding) | first
