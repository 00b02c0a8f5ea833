"""Divide the labeled rows of a data set into training, validation and test rows."""

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.splits.drawn_validation import draw_validation
from mtl_core.datasets.splits.labeled_rows import LabeledRows
from mtl_core.datasets.splits.registry import assign_rows
from mtl_core.datasets.splits.shares import VAL
from mtl_core.protocol.series_key import SPLITS
from mtl_core.spec import DataNote, InputError
from mtl_core.spec.data.splits import GeneratedRowsSplit, SplitSpec, StratifiedSplit
from mtl_core.tabular.column import Rows


def divide_rows(
    split: SplitSpec, rows: LabeledRows, own_split: NDArray[np.int8] | None
) -> tuple[list[Rows], tuple[DataNote, ...]]:
    """Divide rows into training, validation and test rows, each in the order of the data; also notes.

    Args:
        split: How they are divided.
        rows: The rows.
        own_split: The split of each row of the data, where the data set comes with it; without validation rows there,
            a share of the training rows is drawn.

    Raises:
        InputError: The split does not suit the data, or leaves a part without rows.
    """
    notes: tuple[DataNote, ...] = ()
    if own_split is None:
        assignment = assign_rows(split, rows)
        split_of_row, notes = assignment.split_of_row, assignment.notes
    elif isinstance(split, GeneratedRowsSplit):
        split_of_row = own_split[rows.rows]
        if not (own_split == VAL).any():
            share, stratified = split.val / (split.train + split.val), isinstance(split, StratifiedSplit)
            count, strata_notes = draw_validation(rows, split_of_row, share, split.seed, stratified=stratified)
            what = f"The data name no validation rows; {count} of the training rows were drawn at random for it."
            notes = (*strata_notes, DataNote(place="split", what=what, count=count))
    else:
        rule = "this data set comes with training and test rows, and no other split divides them"
        raise InputError("dataset.split.kind", rule, found=repr(split.kind), fix="Take stratified.")
    parts = [rows.rows[split_of_row == part] for part in range(len(SPLITS))]
    for name, part in zip(SPLITS, parts, strict=True):
        if not len(part):
            raise InputError("dataset.split", f"leaves no labeled row for the {name} split")
    return parts, notes
