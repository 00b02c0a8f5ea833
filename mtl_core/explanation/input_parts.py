"""The parts of a model's inputs that are explained one by one: columns of tables, and other inputs as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from mtl_core.datasets.data import Inputs
from mtl_core.datasets.features import feature_count
from mtl_core.spec.inputs import presence_key
from mtl_core.tabular.column import Encoder


@dataclass(frozen=True)
class InputPart:
    """A column, or an input that is no table.

    Attributes:
        name: The column or the input.
        kind: What it is.
        features: By input, the indices of the features of the column; None for the whole input.
        encoders: By input, how the column becomes these features: one, or one for each part of a date.
    """

    name: str
    kind: Literal["column", "text", "image", "sound"]
    features: Mapping[str, tuple[int, ...] | None]
    encoders: Mapping[str, tuple[Encoder, ...]]

    def shuffle(self, inputs: Inputs, order: Tensor) -> dict[str, Tensor]:
        """Inputs ``[N, …]`` whose rows have this part from other rows ``[N]``, with its presence; others unchanged."""
        shuffled = dict(inputs)
        for name, indices in self.features.items():
            if indices is not None:
                columns = torch.tensor(indices, device=inputs[name].device)
                tensor = inputs[name].clone()
                tensor[:, columns] = tensor[order][:, columns]
                shuffled[name] = tensor
                continue
            for key in (name, presence_key(name)):
                if key in inputs:
                    shuffled[key] = inputs[key][order]
        return shuffled


def input_parts(preprocessing: Mapping[str, Mapping[str, Any]]) -> tuple[InputPart, ...]:
    """The columns of all tables in their order, then the other inputs.

    A column that several tables have is one part. An input with the name of a column is called ``NAME (input)``.

    Args:
        preprocessing: The fitted preprocessing of each input.
    """
    features: dict[str, dict[str, tuple[int, ...] | None]] = {}
    encoders: dict[str, dict[str, tuple[Encoder, ...]]] = {}
    others: list[tuple[str, Any]] = []
    for name, fitted in preprocessing.items():
        if fitted["kind"] != "table":
            others.append((name, fitted["kind"]))
            continue
        start = 0
        for encoder in fitted["inputs"]:
            end = start + feature_count(encoder)
            column = features.setdefault(encoder["name"], {})
            column[name] = (*(column.get(name) or ()), *range(start, end))
            known = encoders.setdefault(encoder["name"], {})
            known[name] = (*known.get(name, ()), encoder)
            start = end
    columns = [InputPart(column, "column", features[column], encoders[column]) for column in features]
    inputs = [
        InputPart(f"{name} (input)" if name in features else name, kind, {name: None}, {}) for name, kind in others
    ]
    return (*columns, *inputs)
