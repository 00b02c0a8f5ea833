"""Rows with equal inputs and different labels."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.spec.data.data_findings import DataFinding
from mtl_core.tabular.column import Rows
from mtl_core.tasks.targets.labels import Labels

_LEAST_ROWS, _LEAST_SHARE = 4, 0.005
_FAR = 0.25
"""Numbers that lie further apart, in standard deviations of the target, disagree."""


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find tasks whose labels disagree on copies of rows."""
    equal = data.equal_rows
    if equal is None:
        return
    are_copies: bool | None = None
    for labels in data.labels:
        rows = data.rows[labels.labeled[data.rows]]
        values = _values(labels, rows)
        if values is None or not len(rows):
            continue
        far = 0.0 if labels.codes is not None else _FAR * float(values.std())
        count = _disagreeing_rows(equal.hashes[rows], values, far)
        if count < max(_LEAST_ROWS, _LEAST_SHARE * len(rows)):
            continue
        if are_copies is None:
            are_copies = equal.are_copies(data.rows)
        if are_copies:
            name = labels.task.name
            yield DataFinding(
                place="task",
                name=name,
                what=f"{count} rows have the same inputs as others, but another label.",
                advice="Correct the labels, or add an input that tells these rows apart.",
                count=count,
            )


def _values(labels: Labels, rows: Rows) -> NDArray[np.float64] | None:
    """One number for the label of each row; None for labels of another shape."""
    if labels.codes is not None:
        return labels.codes[rows].astype(np.float64)
    if labels.numbers is not None and labels.numbers.shape[1] == 1:
        return np.asarray(labels.numbers[rows, 0], np.float64)
    return None


def _disagreeing_rows(hashes: NDArray[np.uint64], values: NDArray[np.float64], far: float) -> int:
    """The number of rows in groups of equal inputs whose labels are further apart than allowed."""
    order = np.argsort(hashes, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(hashes[order]) != 0]))
    sizes = np.diff(np.append(starts, len(order)))
    spread = np.maximum.reduceat(values[order], starts) - np.minimum.reduceat(values[order], starts)
    return int(sizes[spread > far].sum())
