"""Divide the labeled rows of a data set into training, validation and test rows."""

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.splits.labeled_rows import LabeledRows
from mtl_core.datasets.splits.registry import assign_rows
from mtl_core.protocol.series_key import SPLITS
from mtl_core.spec import DataNote, InputError
from mtl_core.spec.data.splits import GeneratedRowsSplit, SplitSpec
from mtl_core.tabular.column import Rows


def divide_rows(
    split: SplitSpec, rows: LabeledRows, own_split: NDArray[np.int8] | None
) -> tuple[list[Rows], tuple[DataNote, ...]]:
    """Divide rows into training, validation and test rows, each in the order of the data; also notes.

    Args:
        split: How they are divided.
        rows: The rows.
        own_split: The split of each row of the data, where the data set generates its rows for the split.

    Raises:
        InputError: The split does not suit the data, or leaves a part without rows.
    """
    notes: tuple[DataNote, ...] = ()
    if own_split is None:
        assignment = assign_rows(split, rows)
        split_of_row, notes = assignment.split_of_row, assignment.notes
    elif isinstance(split, GeneratedRowsSplit):
        split_of_row = own_split[rows.rows]
    else:
        rule = "this data set generates its rows for a random split, and no other divides them"
        raise InputError("dataset.split.kind", rule, found=repr(split.kind), fix="Take stratified.")
    parts = [rows.rows[split_of_row == part] for part in range(len(SPLITS))]
    for name, part in zip(SPLITS, parts, strict=True):
        if not len(part):
            raise InputError("dataset.split", f"leaves no labeled row for the {name} split")
    return parts, notes
