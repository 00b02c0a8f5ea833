"""What the methods of attribution have in common: the row that is explained, and the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mtl_core.datasets.features import feature_count
from mtl_core.explanation.explained_model import ExplainedModel

NUMERIC_KINDS = ("table", "image", "sound")
"""Kinds of input whose values are varied themselves, not the embeddings of tokens."""
BASELINES = {
    "table": "zeros: of a number its mean, of a category none",
    "image": "a blank picture of the mean color",
    "sound": "the mean of each band, or silence",
    "text": "padding in the place of every token",
}
"""What an input is compared with, by kind."""


@dataclass(frozen=True)
class ExplainedRow:
    """One row and the number whose value is explained for it.

    Attributes:
        model: The model.
        inputs: What the model reads of the row, ``[1, …]`` of each input, with the masks of their presence.
        task: Index of the task.
        output: Index of the class or value of its prediction.
    """

    model: ExplainedModel
    inputs: Mapping[str, Tensor]
    task: int
    output: int

    def kind(self, name: str) -> str:
        """The kind of an input."""
        return str(self.model.preprocessing[name]["kind"])

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs."""
        return tuple(self.model.preprocessing)

    def repeat(self, count: int) -> dict[str, Tensor]:
        """The inputs of ``count`` equal rows."""
        return {name: tensor.expand(count, *tensor.shape[1:]).contiguous() for name, tensor in self.inputs.items()}

    def value(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """``[K]``: what is explained, for K rows of inputs."""
        prediction: Tensor = self.model.decode(self.task, self.model.model(inputs)[self.task])
        return prediction[:, self.output]


@dataclass(frozen=True)
class Attribution:
    """What each part of a row contributed to a prediction.

    Attributes:
        values: By input: of a table for each column, of a text for each position, of pictures and spectrograms
            ``[rows, columns]`` of blocks, of waveforms for each segment.
        base: The prediction for the baseline.
        gap: Prediction minus ``base`` minus the sum of all values; NaN where the method does not promise 0.
        is_complete: Whether the gap is within the method's tolerance.
        evaluations: Number of gradients or predictions computed.
    """

    values: dict[str, Tensor]
    base: float
    gap: float
    is_complete: bool
    evaluations: int


def column_features(fitted: Mapping[str, Any]) -> dict[str, list[int]]:
    """The features of each column of a table input, by name."""
    features: dict[str, list[int]] = {}
    start = 0
    for encoder in fitted["inputs"]:
        end = start + feature_count(encoder)
        features.setdefault(encoder["name"], []).extend(range(start, end))
        start = end
    return features


def sum_by_column(values: Tensor, fitted: Mapping[str, Any]) -> Tensor:
    """``[columns]``: the sums of values ``[F]`` over the features of each column."""
    return torch.stack([values[indices].sum() for indices in column_features(fitted).values()])


MOST_BLOCKS = 64
"""Most blocks along a side of a picture, and most segments of a waveform."""


def block_size(side: int, most: int = MOST_BLOCKS) -> int:
    """Pixels of a block along a side, so that there are at most ``most``."""
    return max(-(-side // most), 1)


def sum_blocks(values: Tensor) -> Tensor:
    """Sums of ``[C, H, W]`` over channels and blocks of pixels, ``[rows, columns]``; of ``[C, L]`` over segments."""
    summed = values.sum(dim=0)
    for dim in range(summed.dim()):
        size = block_size(summed.shape[dim])
        places = torch.arange(summed.shape[dim]) // size
        shape = list(summed.shape)
        shape[dim] = int(places[-1]) + 1
        summed = summed.new_zeros(shape).index_add(dim, places, summed)
    return summed
