"""What a kind of input needs beside its spec class."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.datasets.decoding import Augmentation, Decoder
from mtl_core.datasets.inputs.media_files import NewFiles, StoredRows
from mtl_core.datasets.source import Source
from mtl_core.spec import DataNote
from mtl_core.spec.inputs import BaseInput
from mtl_core.spec.paths import join
from mtl_core.spec.reports import Shape
from mtl_core.tabular.column import Column, Rows
from mtl_core.tabular.text.vocabulary import Tokens


@dataclass(frozen=True)
class SpecInput:
    """An input of an experiment, and where in the spec it stands.

    Attributes:
        name: Its name.
        spec: Its settings.
        is_short_form: Whether it is the one input whose columns the spec just lists.
    """

    name: str
    spec: BaseInput
    is_short_form: bool = False

    @property
    def path(self) -> str:
        """Its place in the spec."""
        return "dataset.inputs" if self.is_short_form else join(("dataset", "inputs", self.name))

    def column_path(self, index: int) -> str:
        """The place of one of its columns in the spec."""
        if self.is_short_form:
            return f"{self.path}[{index}]"
        return f"{self.path}.columns[{index}]" if hasattr(self.spec, "columns") else f"{self.path}.column"

    def setting_path(self, setting: str = "") -> str:
        """The place of a setting of a text, or of all of them, in the spec."""
        path = "dataset.text" if self.is_short_form else self.path
        return f"{path}.{setting}" if setting else path


@dataclass(frozen=True, eq=False)
class FittedInput:
    """An input of all rows, fitted on the training rows.

    Attributes:
        values: ``[N, …]``: what is stored of each row, which the decoder turns into what the model reads.
        preprocessing: What new rows need, as plain data.
        notes: Notes about how it is read.
        present: ``[N]``, true where a row has the input.
        decoder: None where the model reads the values as they are stored.
        augmentation: Random changes of stored rows in training.
        stored: The values in the cache, of files; None where they are in memory.
        digest: Hash of the content of files; empty where the columns hold all there is.
    """

    values: NDArray[Any]
    preprocessing: dict[str, Any]
    notes: list[DataNote]
    present: NDArray[np.bool_]
    decoder: Decoder | None = None
    augmentation: Augmentation | None = None
    stored: StoredRows | None = None
    digest: str = ""

    def tensor(self, rows: Rows, *, mapped: bool) -> Tensor:
        """The stored values of some rows; ``mapped``: files stay on disk."""
        if self.stored is not None:
            return self.stored.select(rows, mapped=mapped)
        if len(self.values) > 1 and self.values.strides[0] == 0:  # an outline, which has no values
            return torch.from_numpy(self.values[:1].copy()).expand(len(rows), *self.values.shape[1:])
        return torch.from_numpy(self.values[rows])


class InputReader(Protocol):
    """An input as read from the data, before the training rows are known."""

    @property
    def tokens(self) -> Tokens | None:
        """The tokens of a text; None for other inputs."""
        ...

    def fit(self, rows: Rows) -> FittedInput:
        """Fit it on the training rows, and encode all rows.

        Raises:
            InputError: The training rows have nothing of it.
        """
        ...


@dataclass(frozen=True)
class InputKind:
    """A kind of input, from its columns to tensors.

    Attributes:
        reader: Reads an input from its source; raises an InputError where columns are missing or do not suit it.
        read_new: From the preprocessing and a table of new rows to the columns of the input, by name; raises an
            InputError where one is missing.
        transform: From the preprocessing and the columns of new rows to what the model reads, ``[N, …]`` float32.
        shape: From the preprocessing to the shape of a row of a table, with its columns; None for other kinds, whose
            shape is that of their values.
        new_files: From the preprocessing and the column of new rows to the files that it names, which are decoded some
            at a time; None for kinds that read no files.
    """

    reader: Callable[[SpecInput, Source], InputReader]
    read_new: Callable[[Mapping[str, Any], pd.DataFrame], dict[str, Column]]
    transform: Callable[[Mapping[str, Any], Mapping[str, Column]], Tensor]
    shape: Callable[[Mapping[str, Any]], Shape] | None = None
    new_files: Callable[[Mapping[str, Any], Column], NewFiles] | None = None
