"""Inputs as one row of features each, for kinds of fusion that read no positions."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.architectures.fusion.components.input_modules import InputModules
from mtl_core.spec.reports import Shape


def mean_over_positions(features: Tensor, padding: Tensor | None) -> Tensor:
    """``[N, C]``: the mean of features ``[N, C, …]`` over their positions; features without positions as they are.

    Args:
        features: ``[N, C]``, ``[N, C, L]`` or ``[N, C, H, W]``.
        padding: ``[N, L]``, true at real positions; None if all are real.
    """
    if features.dim() == 2:
        return features
    flat = features.flatten(2)
    if padding is None:
        return flat.mean(dim=2)
    return flat.masked_fill(~padding.unsqueeze(1), 0).sum(dim=2) / padding.sum(dim=1, keepdim=True).clamp(min=1)


def read_rows(features: Mapping[str, Tensor], padding: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Each input's row ``[N, C]``."""
    return {name: mean_over_positions(tensor, padding.get(name)) for name, tensor in features.items()}


def fill_absent(rows: Mapping[str, Tensor], present: Mapping[str, Tensor], value: float) -> list[Tensor]:
    """Each input's row ``[N, C]``, with a value in the place of the features where it is absent."""
    return [
        row.masked_fill(~present[name].unsqueeze(1), value) if name in present else row for name, row in rows.items()
    ]


def presence_columns(names: Sequence[str], present: Mapping[str, Tensor], rows: Tensor) -> Tensor | None:
    """``[N, inputs]``: which row has which input; None if every row has every input.

    Args:
        names: The inputs, in the order of the columns.
        present: ``[N]`` of each input that some row lacks.
        rows: ``[N, …]``, on the device of the result.
    """
    if not present:
        return None
    every = rows.new_ones(rows.shape[0], dtype=torch.bool)
    return torch.stack([present.get(name, every) for name in names], dim=1)


def masked_softmax(scores: Tensor, mask: Tensor | None) -> Tensor:
    """The softmax over dimension 1 of scores, 0 where the mask is false; uniform where all of it is false.

    Args:
        scores: ``[N, M, …]``.
        mask: ``[N, M]``; None if all is true.
    """
    if mask is not None:
        hidden = ~mask.view(*mask.shape, *[1] * (scores.dim() - 2))
        scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
    return torch.softmax(scores, dim=1)


class EqualWidthRows(nn.Module):
    """Reads a row of the same width from each input.

    Args:
        shapes: Shape of each input's features.
        width: A linear layer of each input brings it to this width; None for inputs that have the same width.
    """

    def __init__(self, shapes: Mapping[str, Shape], width: int | None) -> None:
        super().__init__()
        self.width = next(iter(shapes.values()))[0] if width is None else width
        self.projections = (
            None
            if width is None
            else InputModules({name: nn.Linear(shape[0], width) for name, shape in shapes.items()})
        )

    def forward(
        self, features: Mapping[str, Tensor], present: Mapping[str, Tensor], padding: Mapping[str, Tensor]
    ) -> list[Tensor]:
        """Each input's row ``[N, width]``; zeros where a row lacks the input."""
        rows = read_rows(features, padding)
        if self.projections is None:
            return list(rows.values())
        return fill_absent({name: self.projections.for_input(name)(row) for name, row in rows.items()}, present, 0)
