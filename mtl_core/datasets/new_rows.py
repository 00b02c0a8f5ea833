"""Read new rows from a file and transform them as the training rows of a model were."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.datasets.inputs.image import transform_images
from mtl_core.datasets.inputs.registry import KINDS, input_preprocessing
from mtl_core.errors import EnvironmentFault, InputError, WorkbenchError, shorten
from mtl_core.files import is_folder
from mtl_core.media.file_listing import list_files
from mtl_core.media.images.image_file import IMAGE_SUFFIXES
from mtl_core.media.sounds.sound_file import SOUND_SUFFIXES
from mtl_core.spec import DataNote, presence_key
from mtl_core.tabular.column import Column, Encoder
from mtl_core.tabular.readers.table_file import file_stamp, read_file
from mtl_core.tabular.readers.table_format import FileContent, UnreadableRow
from mtl_core.text import format_names

_NO_VALUE = "no input has a value"
_MOST_ROWS = 5
_MOST_VALUES = 3


@dataclass(frozen=True)
class NewRows:
    """The rows of a file as a model's inputs.

    Attributes:
        inputs: What the model reads; of an input that some row lacks, with its mask.
        readable: ``[N]``, false where there is no prediction, since the row cannot be read or no input has a value.
        notes: Notes about missing cells and unknown categories, a line each.
        unreadable: The rows without a prediction, with the reason.
    """

    inputs: dict[str, Tensor]
    readable: NDArray[np.bool_]
    notes: tuple[str, ...]
    unreadable: tuple[UnreadableRow, ...] = ()


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
    if any(values["kind"] == "image" and "column" not in values for values in fitted.values()):
        fix = "Use --split to predict the rows of its own data."
        raise InputError(path, "cannot be predicted: the model reads images, and a table has none", fix=fix)
    file_columns = {values["column"] for values in fitted.values() if values["kind"] in ("image", "sound")}
    try:
        frame, table_notes, damaged = _read_frame(path, fitted, file_columns, preprocessing.get("header"))
        columns = {name: KINDS[values["kind"]].read_new(values, frame) for name, values in fitted.items()}
    except (InputError, EnvironmentFault) as error:
        raise _error_at_file(path, error) from None
    present = {name: np.any([column.present for column in of.values()], axis=0) for name, of in columns.items()}
    readable = np.any(list(present.values()), axis=0)
    reasons = {row.row: row.reason for row in damaged}
    readable[[row - 1 for row in reasons]] = False
    unreadable = [UnreadableRow(row + 1, reasons.get(row + 1, _NO_VALUE)) for row in np.flatnonzero(~readable).tolist()]
    inputs = {name: KINDS[values["kind"]].transform(values, columns[name]) for name, values in fitted.items()}
    if len(fitted) > 1:
        inputs |= {presence_key(name): torch.from_numpy(mask) for name, mask in present.items() if not mask.all()}
    notes = [note for name, values in fitted.items() for note in _input_notes(values, columns[name], readable)]
    return NewRows(inputs, readable, (*map(str, table_notes), *notes), tuple(unreadable))


def _read_frame(
    path: str, fitted: Mapping[str, Mapping[str, Any]], file_columns: set[str], header: bool | None
) -> tuple[pd.DataFrame, tuple[DataNote, ...], tuple[UnreadableRow, ...]]:
    """The cells of new rows, in which the names of files are whole paths; notes about the table, and damaged rows."""
    if file_columns and is_folder(Path(path).expanduser()):
        return _list_files(path, fitted), (), ()
    file_stamp(path)
    raw = read_file(path, FileContent(b"", Path(path).name, min_columns=1, header=header, allows_unreadable=True))
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


def transform_inputs(preprocessing: Mapping[str, Any], rows: Any) -> dict[str, Tensor]:
    """Transform new rows into the model's inputs, as the training rows were.

    Args:
        preprocessing: That of a :class:`mtl_core.datasets.data.TaskData`, or the same read from JSON.
        rows: A pandas frame with at least the input columns, or for image data an array ``[N, H, W]`` or
            ``[N, H, W, 3]`` of 0…255.

    Raises:
        InputError: A column is missing, or the images have another size.
    """
    fitted = input_preprocessing(preprocessing)
    if [values["kind"] for values in fitted.values()] == ["image"] and "column" not in next(iter(fitted.values())):
        return {name: transform_images(values, np.asarray(rows)) for name, values in fitted.items()}
    kinds = {name: KINDS[values["kind"]] for name, values in fitted.items()}
    return {name: kinds[name].transform(values, kinds[name].read_new(values, rows)) for name, values in fitted.items()}


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
