"""Join tables on a key: each row of the first gets the columns of the row with the same key in another."""

from collections import Counter
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from mtl_core.spec import DataNote, InputError, shorten
from mtl_core.tabular.cells import Codes
from mtl_core.tabular.column import without_zero_fraction
from mtl_core.tabular.column_reader import read_column
from mtl_core.text import format_names


def join_tables(
    left: pd.DataFrame, right: pd.DataFrame, keys: tuple[str, str], file: str
) -> tuple[pd.DataFrame, list[DataNote]]:
    """Add the columns of another table to a table, row by row; also notes about rows without a partner.

    Keys are compared as text, and ``1.0`` and ``1`` are one key. A column whose name the first table has as well gets
    the name of the file.

    Args:
        left: The table.
        right: The other one, with a row for each key.
        keys: The names of the column of the key in each.
        file: The name of the other file.

    Raises:
        InputError: A key stands in several rows of the other table.
    """
    left_keys, right_keys = _keys(left[keys[0]]), _keys(right[keys[1]])
    repeated = [key for key, count in Counter(right_keys).items() if count > 1 and key]
    if repeated:
        found = f"{len(repeated)} keys, such as {shorten(repeated[0], 30)!r}, in several rows of {file}"
        raise InputError("dataset.join", "each key needs one row", found=found, fix=f"Leave one row of each in {file}.")
    row_of_key = {key: row for row, key in enumerate(right_keys) if key}
    rows = np.array([row_of_key.get(key, -1) if key else -1 for key in left_keys], np.int64)
    names = {str(name): _free_name(str(name), left.columns, file) for name in right.columns if name != keys[1]}
    added = {new: _take(right[name], rows) for name, new in names.items()}
    return pd.concat([left, pd.DataFrame(added, index=left.index)], axis=1), _notes(rows, len(row_of_key), file)


def _keys(cells: "pd.Series[Any]") -> list[str]:
    """The keys of rows as text, empty where there is none."""
    column = read_column(str(cells.name), cells, "categorical")
    texts = [*map(without_zero_fraction, column.texts), ""]
    return [texts[code] for code in column.text.tolist()]


def _free_name(name: str, names: Collection[Any], file: str) -> str:
    return f"{name} ({file})" if name in names else name


def _take(cells: "pd.Series[Any]", rows: Codes) -> "pd.Series[Any]":
    """The cells of some rows, missing where a row is -1; cells of text are then empty."""
    taken = cells.reset_index(drop=True).reindex(rows)
    if (
        (rows < 0).any()
        and not pd.api.types.is_numeric_dtype(cells.dtype)
        and pd.api.types.is_string_dtype(cells.dtype)
    ):
        taken = taken.where(rows >= 0, "")
    return taken.reset_index(drop=True)


def _notes(rows: Codes, right_count: int, file: str) -> list[DataNote]:
    """Notes about rows of either table without a partner."""
    notes = []
    if alone := int((rows < 0).sum()):
        have = f"{alone} of {len(rows)} rows {'has' if alone == 1 else 'have'}"
        what = f"{have} no partner in {shorten(file, 40)}; the cells from there count as missing."
        notes.append(DataNote(place="file", what=what, count=alone))
    if unused := right_count - len(np.unique(rows[rows >= 0])):
        have = f"{unused} of {right_count} rows of {shorten(file, 40)} {'has' if unused == 1 else 'have'}"
        notes.append(DataNote(place="file", what=f"{have} no partner and are left out.", count=unused))
    return notes


def check_key(frame: pd.DataFrame, name: str, where: str, file: str) -> None:
    """Check that a table has the column of the key.

    Raises:
        InputError: It has not.
    """
    if name not in frame.columns:
        fix = f"Its columns are {format_names([repr(str(column)) for column in frame.columns], 8)}."
        raise InputError(where, f"{file} has no such column", found=repr(name), fix=fix)
