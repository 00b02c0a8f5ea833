"""Read new rows from a file and transform them as the training rows of a model were."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.datasets.inputs.media_files import NewFiles, unreadable_notes
from mtl_core.datasets.inputs.registry import KINDS, input_preprocessing, row_shape
from mtl_core.errors import EnvironmentFault, InputError, WorkbenchError, shorten
from mtl_core.files import is_folder
from mtl_core.media.file_listing import list_files
from mtl_core.media.images.image_file import IMAGE_SUFFIXES
from mtl_core.media.sounds.sound_file import SOUND_SUFFIXES
from mtl_core.spec import DataNote, presence_key
from mtl_core.spec.reports import Shape
from mtl_core.tabular.column import Column, Encoder
from mtl_core.tabular.readers.table_file import file_stamp, read_file
from mtl_core.tabular.readers.table_format import FileContent, UnreadableRow
from mtl_core.text import format_names

_NO_VALUE = "no input has a value"
_MOST_ROWS = 5
_MOST_VALUES = 3
_MOST_BATCH_ROWS, _BATCH_BYTES = 1024, 2**26
"""Limits for the rows of a batch, and the size of its inputs."""
_FLOAT_BYTES = 4


class NewRows:
    """The rows of a file as a model's inputs, some at a time: pictures and sounds are decoded when they are read.

    Args:
        fitted: The preprocessing of each input.
        columns: The columns of each input, by name.
        notes: Notes about the file, a line each.
        damaged: The rows that cannot be read, whose cells are empty.
    """

    def __init__(
        self,
        fitted: Mapping[str, Mapping[str, Any]],
        columns: Mapping[str, Mapping[str, Column]],
        notes: Sequence[str] = (),
        damaged: Sequence[UnreadableRow] = (),
    ) -> None:
        self._fitted, self._columns, self._file_notes = fitted, columns, notes
        self._reasons = {row.row - 1: row.reason for row in damaged}
        self._tensors: dict[str, Tensor] = {}
        self._files: dict[str, NewFiles] = {}
        for name, values in fitted.items():
            kind = KINDS[values["kind"]]
            if kind.new_files is None:
                self._tensors[name] = kind.transform(values, columns[name])
            else:
                self._files[name] = kind.new_files(values, columns[name][values["column"]])
        self._present = {
            name: np.any([column.present for column in of.values()], axis=0) for name, of in columns.items()
        }
        self._intact = np.ones(len(self), np.bool_)
        self._intact[list(self._reasons)] = False
        self._messages: dict[str, list[str]] = {name: [] for name in self._files}

    def __len__(self) -> int:
        return len(next(iter(self._present.values())))

    @property
    def shapes(self) -> dict[str, Shape]:
        """Shape of a row of each input."""
        stored = {name: tuple(tensor.shape[1:]) for name, tensor in self._tensors.items()}
        stored |= {name: files.form.shape for name, files in self._files.items()}
        return {name: row_shape(values, (len(self), *stored[name])) for name, values in self._fitted.items()}

    def batches(self) -> Iterator["NewBatch"]:
        """Iterate over the rows in their order, so many at a time as take a limited amount of memory."""
        row_bytes = sum(_FLOAT_BYTES * math.prod(shape) for shape in self.shapes.values())
        size = max(1, min(_MOST_BATCH_ROWS, _BATCH_BYTES // max(row_bytes, 1)))
        for start in range(0, len(self), size):
            yield self._batch(slice(start, start + size))

    def _batch(self, rows: slice) -> "NewBatch":
        inputs = {name: tensor[rows] for name, tensor in self._tensors.items()}
        for name, files in self._files.items():
            decoded = files.decode(rows)
            inputs[name] = decoded.inputs
            self._present[name][rows] = decoded.present
            self._messages[name] += decoded.messages
        if len(self._fitted) > 1:
            present = {name: mask[rows] for name, mask in self._present.items()}
            inputs |= {presence_key(name): torch.from_numpy(mask) for name, mask in present.items() if not mask.all()}
        return NewBatch(inputs, self._readable(rows))

    def _readable(self, rows: slice = slice(None)) -> NDArray[np.bool_]:
        """``[B]``, false where there is no prediction, since the row cannot be read or no input has a value."""
        has_value: NDArray[np.bool_] = np.any([mask[rows] for mask in self._present.values()], axis=0)
        return has_value & self._intact[rows]

    def unreadable(self) -> tuple[UnreadableRow, ...]:
        """The rows without a prediction, with the reason; complete when all batches were read."""
        rows = np.flatnonzero(~self._readable()).tolist()
        return tuple(UnreadableRow(row + 1, self._reasons.get(row, _NO_VALUE)) for row in rows)

    def notes(self) -> tuple[str, ...]:
        """Notes about missing cells, unreadable files and unknown categories, a line each.

        Which files cannot be read is known when all batches were read.
        """
        readable, notes = self._readable(), [*self._file_notes]
        for name, values in self._fitted.items():
            columns = self._file_column(name) if name in self._files else self._columns[name]
            notes += _input_notes(values, columns, readable)
        return tuple(notes)

    def _file_column(self, name: str) -> dict[str, Column]:
        """The column of an input of files, whose unreadable ones count as missing."""
        ((key, column),) = self._columns[name].items()
        present = self._present[name]
        count = int((column.present & ~present).sum())
        notes = unreadable_notes(column, self._files[name].form.noun, count, self._messages[name])
        return {key: replace(column, text=np.where(present, column.text, -1), notes=(*column.notes, *notes))}


@dataclass(frozen=True)
class NewBatch:
    """Some new rows.

    Attributes:
        inputs: What the model reads; of several inputs, with the masks of those that some of the rows lack.
        readable: ``[N]``, false where there is no prediction, since the row cannot be read or no input has a value.
    """

    inputs: dict[str, Tensor]
    readable: NDArray[np.bool_]


def read_new_rows(path: str, preprocessing: Mapping[str, Any]) -> NewRows:
    """Read a table file with at least the input columns, or a folder of files; targets need not be in it.

    Args:
        path: The table, in which names of files begin at its folder; or, where the only input is read from files, a
            folder of these.
        preprocessing: That of the training data (:attr:`mtl_core.datasets.data.TaskData.preprocessing`).

    Raises:
        InputError: There is no such file or it is no table, an input column is not in it, or an input is an image.
        EnvironmentFault: The file may not or cannot be read.
    """
    fitted = input_preprocessing(preprocessing)
    _check_inputs(preprocessing, path)
    try:
        frame, table_notes, damaged = _read_frame(path, preprocessing)
        columns = {name: KINDS[values["kind"]].read_new(values, frame) for name, values in fitted.items()}
    except (InputError, EnvironmentFault) as error:
        raise _error_at_file(path, error) from None
    return NewRows(fitted, columns, [*map(str, table_notes)], damaged)


def read_column_names(path: str, preprocessing: Mapping[str, Any]) -> tuple[int, tuple[str, ...]]:
    """Read how many rows a file of new rows has, and the names of its columns; arguments as of :func:`read_new_rows`.

    Raises:
        InputError: There is no such file or it is no table, or an input is an image.
        EnvironmentFault: The file may not or cannot be read.
    """
    _check_inputs(preprocessing, path)
    try:
        frame = _read_frame(path, preprocessing)[0]
    except (InputError, EnvironmentFault) as error:
        raise _error_at_file(path, error) from None
    return len(frame), tuple(map(str, frame.columns))


def has_own_pictures(preprocessing: Mapping[str, Any]) -> bool:
    """Whether an input is the pictures that come with a data set, which no file of new rows has."""
    fitted = input_preprocessing(preprocessing)
    return any(values["kind"] == "image" and "column" not in values for values in fitted.values())


def _check_inputs(preprocessing: Mapping[str, Any], path: str) -> None:
    if has_own_pictures(preprocessing):
        fix = "Use --split to predict the rows of its own data."
        raise InputError(path, "cannot be predicted: the model reads images, and a table has none", fix=fix)


def _read_frame(
    path: str, preprocessing: Mapping[str, Any]
) -> tuple[pd.DataFrame, tuple[DataNote, ...], tuple[UnreadableRow, ...]]:
    """The cells of new rows, in which the names of files are whole paths; notes about the table, and damaged rows."""
    fitted = input_preprocessing(preprocessing)
    file_columns = {values["column"] for values in fitted.values() if values["kind"] in ("image", "sound")}
    if file_columns and is_folder(Path(path).expanduser()):
        return _list_files(path, fitted), (), ()
    file_stamp(path)
    layout = {name: preprocessing.get(name) for name in ("header", "sheet")}
    raw = read_file(path, FileContent(b"", Path(path).name, min_columns=1, allows_unreadable=True, **layout))
    frame, folder = raw.frame.copy(), Path(path).expanduser().absolute().parent
    for name in file_columns & set(frame.columns):
        frame[name] = [cell if not isinstance(cell, str) or not cell else str(folder / cell) for cell in frame[name]]
    return frame, raw.notes, raw.unreadable


def _list_files(path: str, fitted: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """A row for each file of a folder that the only input may read."""
    if len(fitted) > 1:
        names = format_names(list(fitted))
        fix = "Name a table with a column for each input."
        raise InputError(path, f"a folder has one input, and the model reads {len(fitted)}", found=names, fix=fix)
    (values,) = fitted.values()
    suffixes = IMAGE_SUFFIXES if values["kind"] == "image" else SOUND_SUFFIXES
    root = Path(path).expanduser().absolute()
    return pd.DataFrame({values["column"]: [str(root / file.name) for file in list_files(root, suffixes).files]})


def _error_at_file(path: str, error: WorkbenchError) -> WorkbenchError:
    """The error with the file as its place, instead of a place in the spec, which names the training data."""
    problem = error.problem
    rule = problem.rule if problem.path.startswith("dataset.") else f"{problem.path} {problem.rule}"
    found = problem.found if problem.found != shorten(Path(path)) else None
    return type(error)(path, rule, found=found or None, fix=problem.fix)


def _input_notes(
    preprocessing: Mapping[str, Any], columns: Mapping[str, Column], readable: NDArray[np.bool_]
) -> Iterator[str]:
    encoders = {encoder["name"]: encoder for encoder in preprocessing.get("inputs", ())}
    for name, column in columns.items():
        yield from map(str, column.notes)
        missing = ~column.present & readable
        if missing.any():
            rule = _missing_cell_rule(preprocessing["kind"], encoders.get(name))
            yield f"{_row_numbers(missing)}: input {name!r} has no value; {rule}."
        yield from _unseen_category_notes(name, column, encoders.get(name))


def _missing_cell_rule(kind: str, encoder: Encoder | None) -> str:
    """What replaces a missing cell, for a message."""
    if kind in ("image", "sound"):
        return "the row lacks it"
    if encoder is None:
        return "it is read as an empty text"
    if "part" in encoder:
        return "it is read as the parts of no date"
    if encoder["type"] == "numeric":
        return f"the median of the training rows is taken, {encoder['median']:.6g}"
    return "that is a category of its own" if encoder["missing"] else "it is read as none of its categories"


def _unseen_category_notes(name: str, column: Column, encoder: Encoder | None) -> Iterator[str]:
    """The note about categories that no training row has; none where rare ones share a feature, so are not known."""
    if encoder is None or encoder["type"] != "categorical" or encoder["other"] or "part" in encoder:
        return
    training_categories = set(encoder["categories"])
    unseen = [code for code, value in enumerate(column.values) if value not in training_categories]
    rows = np.isin(column.codes, unseen)
    if rows.any():
        values = format_names([repr(shorten(column.values[code], 30)) for code in unseen], _MOST_VALUES)
        what = f"input {name!r} has a category that the training rows do not have ({values})"
        yield f"{_row_numbers(rows)}: {what}; it is read as none of its categories."


def _row_numbers(mask: NDArray[np.bool_]) -> str:
    """Name rows by their numbers from 1, the first few of them: ``Rows 2, 5 and 7``."""
    numbers = [str(row + 1) for row in np.flatnonzero(mask).tolist()]
    return f"{'Row' if len(numbers) == 1 else 'Rows'} {format_names(numbers, _MOST_ROWS)}"
