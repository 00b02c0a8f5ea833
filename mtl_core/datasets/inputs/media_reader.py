"""The reader of inputs whose column names files of pictures or sounds."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl_core.datasets.decoding import Augmentation, Decoder
from mtl_core.datasets.features import read_new_column
from mtl_core.datasets.inputs.input_kind import FittedInput, SpecInput
from mtl_core.datasets.inputs.media_files import MediaForm, NewFiles, decode_column, file_paths
from mtl_core.datasets.source import Source
from mtl_core.media.decoding import decode_files, file_stamps
from mtl_core.spec import InputError
from mtl_core.tabular.column import Column, Rows
from mtl_core.tabular.column_lookup import find_column


class MediaReader(ABC):
    """A column of file names, read as the pictures or sounds in the files.

    Args:
        spec_input: The input.
        source: The data.
        name: The column.
    """

    tokens = None
    form: MediaForm

    def __init__(self, spec_input: SpecInput, source: Source, name: str) -> None:
        self._place, self._source = spec_input, source
        path = spec_input.column_path(0)
        self._column = find_column(source.columns, name, path)
        if self._column.type == "numeric":
            fix = f"Set dataset.types.{name} to categorical if they are the names of files."
            raise InputError(path, "must be a column of file names; it is read as numbers", found=repr(name), fix=fix)
        self._is_outline = False

    def outline(self) -> Self:
        """Let :meth:`fit` decode nothing: its shape and which files exist are all that is known then."""
        self._is_outline = True
        return self

    def decode_rows(self, rows: Rows) -> NDArray[Any]:
        """Decode the files of a few rows, without the cache; a row whose file cannot be read is blank."""
        paths = file_paths(self._column, self._source.folder)
        return np.concatenate([*decode_files([paths[row] for row in rows], self.form.decode, self.form.blank)])

    def fit(self, rows: Rows) -> FittedInput:
        """Decode the files, and fit the statistics of the training rows.

        Raises:
            InputError: No file of the training rows can be read.
            EnvironmentFault: The files do not fit into the cache.
        """
        if self._is_outline:
            return self._outline()
        title = f"{self._source.name}: {self._column.name}, {' × '.join(map(str, self.form.shape))}"
        files = decode_column(self._column, self._source.folder, self.form, title)
        rows = rows[files.present[rows]]
        if not len(rows):
            rule = f"no {self.form.noun} of the training rows can be read"
            raise InputError(self._place.column_path(0), rule, found=files.notes[0].what if files.notes else None)
        fitted = self.fit_statistics(files.stored.array, rows)
        return replace(fitted, notes=files.notes, present=files.present, stored=files.stored, digest=files.digest)

    def _outline(self) -> FittedInput:
        values = np.broadcast_to(np.zeros((), self.form.dtype), (len(self._column.codes), *self.form.shape))
        stamps = file_stamps(file_paths(self._column, self._source.folder))
        present = np.array([stamp is not None for stamp in stamps], np.bool_)
        return replace(self.fit_statistics(values[:1], np.zeros(1, np.int64)), values=values, present=present)

    @abstractmethod
    def fit_statistics(self, array: NDArray[Any], rows: Rows) -> FittedInput:
        """Fit the statistics of some rows of the decoded files ``[N, …]``."""


def read_new_names(preprocessing: Mapping[str, Any], frame: pd.DataFrame) -> dict[str, Column]:
    """Read the column that names the files of new rows."""
    name = preprocessing["column"]
    return {name: read_new_column(frame, name, "categorical")}


def new_files(column: Column, form: MediaForm, decoder: Decoder) -> NewFiles:
    """The files that a column of new rows names; relative names begin at the current folder."""
    return NewFiles(file_paths(column, str(Path.cwd())), form, decoder)


def fitted_media(
    array: NDArray[Any], preprocessing: dict[str, Any], decoder: Decoder, augmentation: Augmentation | None
) -> FittedInput:
    """An input whose notes and presence the reader adds."""
    present = np.ones(len(array), np.bool_)
    return FittedInput(array, preprocessing, [], present, decoder, augmentation=augmentation)
