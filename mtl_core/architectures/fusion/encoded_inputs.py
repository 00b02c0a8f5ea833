"""The front of a model: reads its inputs, each by its encoder, and fuses them to one tensor."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mtl_core.architectures.fusion.components.input_modules import InputModules, InputParameters
from mtl_core.architectures.fusion.components.rows import presence_columns
from mtl_core.architectures.layers.modules import Embedding
from mtl_core.architectures.layers.pretrained import Pretrained
from mtl_core.spec.fusion.base import BaseFusion
from mtl_core.spec.inputs.base import presence_key
from mtl_core.spec.inputs.text import PADDING
from mtl_core.spec.reports import Shape


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
            which positions are real, at least one in each row.
        shapes: Shape of each encoder's output.
        spec: The fusion's spec: what takes the place of missing inputs, and modality dropout.
    """

    def __init__(
        self, encoders: Mapping[str, nn.Module], fusion: nn.Module, shapes: Mapping[str, Shape], spec: BaseFusion
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
        self._text_inputs = tuple(name for name, encoder in encoders.items() if reads_tokens(encoder))

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The fused inputs ``[N, …]``."""
        features = {name: self.encoders.for_input(name)(inputs[name]) for name in self.names}
        padding = self._find_padding(inputs, features)
        present = {name: inputs[presence_key(name)] for name in self.names if presence_key(name) in inputs}
        if self.training and self._dropout:
            present = self._hide_inputs(present, features[self.names[0]])
        for name, mask in present.items():
            features[name] = self._replace_absent(name, features[name], mask)
            if features[name].dim() > 2 and (self.stand_ins is not None or name in padding):
                padding[name] = _only_first_where_absent(features[name], mask, padding.get(name))
        output: Tensor = self.fusion(features, {} if self.stand_ins is not None else present, padding)
        return output

    def with_mask(self, inputs: Mapping[str, Tensor]) -> tuple[Tensor, None]:
        """The fused inputs, which have no padding mask."""
        return self(inputs), None

    def _find_padding(self, inputs: Mapping[str, Tensor], features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """``[N, L]`` of the inputs that are texts and whose encoders keep their positions: which hold a token."""
        return {
            name: (inputs[name] != PADDING) | _is_first(inputs[name])
            for name in self._text_inputs
            if features[name].dim() == 3 and features[name].shape[2] == inputs[name].shape[1]
        }

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


def reads_tokens(encoder: nn.Module) -> bool:
    """Whether an encoder reads the tokens of a text."""
    first = next((module for module in encoder.modules() if not isinstance(module, nn.Sequential)), None)
    return isinstance(first, Embedding) or (isinstance(first, Pretrained) and first.input_name == "input_ids")


def _is_first(positions: Tensor) -> Tensor:
    return torch.arange(positions.shape[1], device=positions.device) == 0


def _only_first_where_absent(features: Tensor, present: Tensor, padding: Tensor | None) -> Tensor:
    """``[N, L]``: which positions are real, only the first one where the input is absent."""
    first = _is_first(features.flatten(2)[:, 0])
    return present.unsqueeze(1) & (True if padding is None else padding) | first
