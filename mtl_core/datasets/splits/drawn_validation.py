"""Validation rows drawn from the training rows, where the data state training and test rows only."""

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.splits.labeled_rows import LabeledRows
from mtl_core.datasets.splits.shares import TRAIN, VAL, assign_shares
from mtl_core.spec import DataNote, InputError


def draw_validation(
    rows: LabeledRows,
    split_of_row: NDArray[np.int8],
    share: float,
    seed: int,
    *,
    stratified: bool = True,
    setting: str = "dataset.split",
) -> tuple[int, tuple[DataNote, ...]]:
    """Draw validation rows from the training rows at random, in place; return their number and notes.

    Args:
        rows: The rows that are divided.
        split_of_row: The split of each of them.
        share: Share of the training rows that become validation rows.
        seed: Seed of the draw.
        stratified: Whether both get the same shares of each class.
        setting: What to blame where there are too few training rows.

    Raises:
        InputError: There are fewer than two training rows.
    """
    training = np.flatnonzero(split_of_row == TRAIN)
    if len(training) < 2:
        raise InputError(setting, "must name at least two training rows", found=f"{len(training)}")
    keys, notes = rows.strata() if stratified else ([], ())
    rng = np.random.default_rng(seed)
    drawn = assign_shares([key[training] for key in keys], len(training), (1 - share, share), rng)
    split_of_row[training[drawn == 1]] = VAL
    return int((drawn == 1).sum()), notes
