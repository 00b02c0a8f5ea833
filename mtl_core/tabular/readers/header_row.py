"""Tell whether the first row of a table holds the names of its columns."""

import re
from collections.abc import Sequence

from mtl_core.spec import DataNote

_NUMBER = re.compile(r"\s*[-+]?\d*\.?\d+([eE][-+]?\d+)?\s*")


def number_columns(first: Sequence[str], header: bool | None) -> tuple[list[str], tuple[DataNote, ...]]:
    """Name the columns of a table without a header by their numbers; no names where the first row has them.

    Args:
        first: The cells of the first row.
        header: Whether they are names; None: they are unless they are numbers that repeat, which cannot be names.

    Returns:
        The names, and a note where the first row holds only numbers.
    """
    names = [f"column {i + 1}" for i in range(len(first))]
    if header is False:
        return names, ()
    if header or not all(_NUMBER.fullmatch(cell) for cell in first):
        return [], ()
    if len(set(first)) < len(first):
        what = "The first line holds numbers that repeat. It is taken as a row, and the columns are numbered."
        return names, (DataNote(place="file", what=what, fix="Put a line of names before it."),)
    what = "The first line holds only numbers. It is taken as the column names."
    fix = "Put a line of names before it, or set dataset.header to false."
    return [], (DataNote(place="file", what=what, fix=fix),)
