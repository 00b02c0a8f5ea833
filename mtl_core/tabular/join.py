"""Join tables on a key: each row of the first gets the columns of the row with the same key in another."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mtl_core.spec import DataNote, InputError, shorten
from mtl_core.tabular.cells import Codes
from mtl_core.tabular.column import without_zero_fraction
from mtl_core.tabular.column_reader import read_column
from mtl_core.text import format_names


@dataclass(frozen=True)
class KeyMatch:
    """Which rows of two tables have the same key.

    Attributes:
        rows: For each row of the first table, the row of the other with its key, or -1.
        others: The number of rows of the other table that have a key.
        repeated: The keys that stand in several rows of the other table.
    """

    rows: Codes
    others: int
    repeated: tuple[str, ...]

    @property
    def matched(self) -> int:
        """The number of rows of the first table with a partner."""
        return int((self.rows >= 0).sum())

    @property
    def unused(self) -> int:
        """The number of keys of the other table that no row of the first has."""
        return self.others - len(np.unique(self.rows[self.rows >= 0]))


def match_keys(left: "pd.Series[Any]", right: "pd.Series[Any]") -> KeyMatch:
    """Match the rows of two tables by their keys, which are compared as text; ``1.0`` and ``1`` are one key."""
    left_keys, right_keys = _keys(left), _keys(right)
    repeated = tuple(key for key, count in Counter(right_keys).items() if count > 1 and key)
    row_of_key = {key: row for row, key in enumerate(right_keys) if key}
    rows = np.array([row_of_key.get(key, -1) if key else -1 for key in left_keys], np.int64)
    return KeyMatch(rows, len(row_of_key), repeated)


def join_tables(
    left: pd.DataFrame, right: pd.DataFrame, keys: tuple[str, str], file: str
) -> tuple[pd.DataFrame, list[DataNote]]:
    """Add the columns of another table to a table, row by row; also notes about rows without a partner.

    Keys are matched by :func:`match_keys`. A column whose name the first table has as well gets the name of the file.

    Args:
        left: The table.
        right: The other one, with a row for each key.
        keys: The names of the column of the key in each.
        file: The name of the other file.

    Raises:
        InputError: A key stands in several rows of the other table.
    """
    match = match_keys(left[keys[0]], right[keys[1]])
    if match.repeated:
        found = repeated_keys_text(match, file)
        raise InputError("dataset.join", "each key needs one row", found=found, fix=f"Leave one row of each in {file}.")
    names = joined_names(left.columns, right.columns, keys[1], file)
    added = {new: _take(right[name], match.rows) for name, new in names.items()}
    return pd.concat([left, pd.DataFrame(added, index=left.index)], axis=1), _notes(match, file)


def repeated_keys_text(match: KeyMatch, file: str) -> str:
    """Say how many keys stand in several rows of the other file, with one of them."""
    return f"{len(match.repeated)} keys, such as {shorten(match.repeated[0], 30)!r}, in several rows of {file}"


def joined_names(left: Collection[Any], right: Collection[Any], other_key: str, file: str) -> dict[str, str]:
    """The columns that are joined: the name in the other table, and the new one."""
    return {str(name): _free_name(str(name), left, file) for name in right if name != other_key}


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


def _notes(match: KeyMatch, file: str) -> list[DataNote]:
    """Notes about rows of either table without a partner."""
    notes, rows = [], len(match.rows)
    if alone := rows - match.matched:
        have = f"{alone} of {rows} rows {'has' if alone == 1 else 'have'}"
        what = f"{have} no partner in {shorten(file, 40)}; the cells from there count as missing."
        notes.append(DataNote(place="file", what=what, count=alone))
    if unused := match.unused:
        have = f"{unused} of {match.others} rows of {shorten(file, 40)} {'has' if unused == 1 else 'have'}"
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
