"""Rows as a column of the data says."""

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.splits.drawn_validation import draw_validation
from mtl_core.datasets.splits.labeled_rows import Assignment, LabeledRows
from mtl_core.datasets.splits.shares import TEST, TRAIN, UNUSED, VAL
from mtl_core.protocol.series_key import SPLITS
from mtl_core.spec import DataNote, InputError, shorten
from mtl_core.spec.data.splits import ColumnSplit
from mtl_core.spec.data.splits.column import normalize_value
from mtl_core.tabular.column import Column


def assign(split: ColumnSplit, rows: LabeledRows) -> Assignment:
    """Assign each row to the split that its cell names; rows with an empty cell are left out.

    Raises:
        InputError: The column does not exist, has a value that names no split, or names no training or test rows.
    """
    column = rows.column(split.column)
    codes = column.codes[rows.rows]
    split_of_row = np.where(codes < 0, UNUSED, _split_of_value(split, column, codes)[codes]).astype(np.int8)
    for part, name in ((TRAIN, "train"), (TEST, "test")):
        if not (split_of_row == part).any():
            values = " or ".join(map(repr, split.values[part]))
            rule = f"no labeled row is in the {name} split: none has {values}"
            raise InputError("dataset.split.column", rule, found=repr(column.name))
    notes = _left_out(column.name, int((codes < 0).sum()))
    if not (split_of_row == VAL).any():
        notes += _draw_validation(split, rows, split_of_row)
    return Assignment(split_of_row, notes)


def _split_of_value(split: ColumnSplit, column: Column, codes: NDArray[np.int64]) -> NDArray[np.int8]:
    """The split that each value of the column names; UNUSED for values of no labeled row."""
    names = {value: part for part, values in enumerate(split.values) for value in values}
    used = np.unique(codes[codes >= 0]).tolist()
    if unknown := [column.values[code] for code in used if normalize_value(column.values[code]) not in names]:
        found = shorten(", ".join(map(repr, unknown[:4])) + (" …" if len(unknown) > 4 else ""))
        settings = ", ".join(f"{name}_values" for name in SPLITS)
        fix = f"Add it to one of {settings} of dataset.split, or empty these cells."
        raise InputError("dataset.split.column", f"a value of {column.name!r} names no split", found=found, fix=fix)
    parts = np.full(len(column.values), UNUSED, np.int8)
    parts[used] = [names[normalize_value(column.values[code])] for code in used]
    return parts


def _draw_validation(split: ColumnSplit, rows: LabeledRows, split_of_row: NDArray[np.int8]) -> tuple[DataNote, ...]:
    """Draw validation rows from the training rows, in place."""
    setting = "dataset.split.column"
    count, notes = draw_validation(rows, split_of_row, split.validation, split.seed, setting=setting)
    what = f"{split.column!r} names no validation rows; {count} of the training rows were drawn at random for it."
    return (*notes, DataNote(place="split", name=split.column, what=what, count=count))


def _left_out(name: str, count: int) -> tuple[DataNote, ...]:
    if not count:
        return ()
    have = "1 row has" if count == 1 else f"{count} rows have"
    left = "is left out" if count == 1 else "are left out"
    return (DataNote(place="split", name=name, what=f"{have} no value of {name!r} and {left}.", count=count),)
