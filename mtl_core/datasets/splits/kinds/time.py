"""Rows in the order of time."""

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.splits.labeled_rows import Assignment, LabeledRows
from mtl_core.datasets.splits.shares import TEST, TRAIN, UNUSED, VAL, split_sizes
from mtl_core.spec import DataNote, InputError
from mtl_core.spec.data.splits import TimeSplit
from mtl_core.tabular.cells import column_setting


def assign(split: TimeSplit, rows: LabeledRows) -> Assignment:
    """Assign the oldest rows to training and the newest to the test; rows of the same time stay together.

    Raises:
        InputError: The column does not exist, is no number or date, or has fewer than three different values.
    """
    column = rows.column(split.column)
    if column.type != "numeric":
        fix = f"Take another column, or set {column_setting('types', column.name)} to numeric."
        raise InputError(
            "dataset.split.column", "must be a column of dates or numbers", found=repr(column.name), fix=fix
        )
    times = column.numbers[rows.rows]
    known = np.isfinite(times)
    values, counts = np.unique(times[known], return_counts=True)
    if len(values) < 3:
        rule = "must have at least three different times, one for each part of the rows"
        raise InputError("dataset.split.column", rule, found=f"{len(values)} in {column.name!r}")
    first_val, first_test = _boundaries(counts, split)
    split_of_row = np.full(len(rows), UNUSED, np.int8)
    position = np.searchsorted(values, times[known])
    split_of_row[known] = np.where(position < first_val, TRAIN, np.where(position < first_test, VAL, TEST))
    return Assignment(split_of_row, _notes(column.name, int((~known).sum())))


def _boundaries(counts: NDArray[np.int64], split: TimeSplit) -> tuple[int, int]:
    """The indices of the first validation and the first test time, where the shares are closest to those asked for."""
    rows_before = np.concatenate([[0], np.cumsum(counts)])
    sizes = split_sizes(int(counts.sum()), split)
    first_val = int(np.argmin(np.abs(rows_before[1:-2] - sizes[0]))) + 1
    later = rows_before[first_val + 1 : -1]
    return first_val, int(np.argmin(np.abs(later - sizes[:2].sum()))) + first_val + 1


def _notes(name: str, count: int) -> tuple[DataNote, ...]:
    if not count:
        return ()
    have = (
        "1 row has no value of {} and is left out"
        if count == 1
        else f"{count} rows have no value of {{}} and are left out"
    )
    return (DataNote(place="split", name=name, what=f"{have.format(repr(name))}.", count=count),)
