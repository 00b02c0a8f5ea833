"""Occlusion (Zeiler & Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014): one part left out."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mtl_core.explanation.attribution import Attribution, ExplainedRow, block_size, column_features
from mtl_core.protocol.work_progress import report_progress
from mtl_core.spec.inputs.text import PADDING

MOST_PATCHES = 14
"""Most patches along a side of a picture."""
_BATCH = 64


@dataclass(frozen=True)
class _Part:
    """A part of an input that is left out.

    Attributes:
        name: The input.
        place: Its place among the values of the input.
        index: The index of its values in a row of the input, whose baseline is 0 for all kinds of input.
    """

    name: str
    place: tuple[int, ...]
    index: tuple[Any, ...]


@torch.no_grad()
def occlusion(row: ExplainedRow) -> Attribution:
    """Attribute a prediction to the parts of a row: how much it falls when a part is replaced by its baseline.

    The parts are columns, words, patches of pictures and spectrograms, segments of waveforms. The attributions need not
    add up to anything; that of a part that the prediction does not depend on is exactly 0.
    """
    values = {name: torch.zeros(parts_shape(row, name), dtype=torch.float64) for name in row.names}
    parts = [part for name in row.names for part in _parts(row, name)]
    unchanged: dict[int, Tensor] = {}
    for first in range(0, len(parts), _BATCH):
        report_progress("Leaving out one part at a time", first / len(parts))
        chunk = parts[first : first + _BATCH]
        inputs = row.repeat(len(chunk))
        if len(chunk) not in unchanged:
            # Of as many rows, since the last bit of a row may depend on where it stands in its batch.
            unchanged[len(chunk)] = row.value(inputs)
        for number, part in enumerate(chunk):
            inputs[part.name][(number, *part.index)] = float(PADDING)
        falls = (unchanged[len(chunk)] - row.value(inputs)).double().cpu()
        for part, fall in zip(chunk, falls, strict=True):
            values[part.name][part.place] = fall
    return Attribution(values, _base(row), math.nan, True, len(parts) + 2)


def _base(row: ExplainedRow) -> float:
    """The prediction for the baseline of all inputs."""
    blank = {name: torch.zeros_like(tensor) if name in row.names else tensor for name, tensor in row.inputs.items()}
    return float(row.value(blank)[0])


def _patch(sides: tuple[int, ...]) -> int:
    """Side of a patch of a picture, or length of a segment of a waveform."""
    return block_size(max(sides), MOST_PATCHES) if len(sides) == 2 else block_size(sides[0])


def parts_shape(row: ExplainedRow, name: str) -> tuple[int, ...]:
    """Shape of the parts of an input: columns, positions, patches or segments."""
    sides = tuple(row.inputs[name].shape[2:])
    match row.kind(name):
        case "table":
            return (len(column_features(row.model.preprocessing[name])),)
        case "image" | "sound":
            return tuple(-(-side // _patch(sides)) for side in sides)
    return tuple(row.inputs[name].shape[1:])


def _parts(row: ExplainedRow, name: str) -> Iterator[_Part]:
    """What is left out of an input."""
    tensor = row.inputs[name]
    match row.kind(name):
        case "table":
            for number, indices in enumerate(column_features(row.model.preprocessing[name]).values()):
                yield _Part(name, (number,), (indices,))
        case "image" | "sound":
            size = _patch(tuple(tensor.shape[2:]))
            for place in torch.ones(parts_shape(row, name)).nonzero().tolist():
                yield _Part(name, tuple(place), (..., *(slice(size * i, size * (i + 1)) for i in place)))
        case _:
            for position in (tensor[0] > PADDING).nonzero().flatten().tolist():
                yield _Part(name, (position,), (position,))


def part_numbers(row: ExplainedRow, name: str) -> Tensor:
    """The number of the part that each value of an input belongs to, as ``[1, …]`` of the input."""
    numbers = torch.zeros_like(row.inputs[name], dtype=torch.long)
    for number, part in enumerate(_parts(row, name)):
        numbers[(0, *part.index)] = number
    return numbers
