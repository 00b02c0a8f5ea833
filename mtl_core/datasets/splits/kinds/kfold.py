"""Rows, or whole groups, in folds."""

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.splits.groups import assign_groups
from mtl_core.datasets.splits.labeled_rows import Assignment, LabeledRows
from mtl_core.datasets.splits.shares import TEST, TRAIN, VAL, assign_folds, assign_shares
from mtl_core.spec import InputError
from mtl_core.spec.data.splits import KFoldSplit


def assign(split: KFoldSplit, rows: LabeledRows) -> Assignment:
    """Assign the rows of one fold to the test, and a share of the others to validation.

    The folds depend on the seed alone, so that every row is in the test of exactly one of them.

    Raises:
        InputError: There are too few rows or groups, or the column of groups does not exist.
    """
    if split.group:
        groups, notes = rows.groups(split.group, "group")
        fold_of_row, validates = _by_group(split, groups)
    else:
        keys, notes = rows.strata()
        fold_of_row, validates = _by_row(split, keys, len(rows))
    split_of_row = np.where(validates, VAL, TRAIN)
    split_of_row[fold_of_row == split.fold - 1] = TEST
    return Assignment(split_of_row.astype(np.int8), notes)


def _by_row(split: KFoldSplit, keys: list[NDArray[np.int64]], rows: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The fold of each row, and which rows of the other folds validate."""
    if rows < split.folds + 2:
        rule = f"{split.folds} folds need at least {split.folds + 2} labeled rows"
        raise InputError("dataset.split.folds", rule, found=f"{rows} rows")
    fold_of_row = assign_folds(keys, rows, split.folds, np.random.default_rng(split.seed)).astype(np.int64)
    others = np.flatnonzero(fold_of_row != split.fold - 1)
    drawn = assign_shares(
        [key[others] for key in keys], len(others), (1 - split.validation, split.validation), _validation_rng(split)
    )
    validates = np.zeros(rows, np.bool_)
    validates[others[drawn == 1]] = True
    return fold_of_row, validates


def _by_group(split: KFoldSplit, groups: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The fold of each row, and which rows of the other folds validate; both by whole groups."""
    fold_of_row = assign_groups(groups, (1 / split.folds,) * split.folds, np.random.default_rng(split.seed), "group")
    others = np.flatnonzero(fold_of_row != split.fold - 1)
    remaining = np.unique(groups[others], return_inverse=True)[1].reshape(-1)
    drawn = assign_groups(remaining, (1 - split.validation, split.validation), _validation_rng(split), "group")
    validates = np.zeros(len(groups), np.bool_)
    validates[others[drawn == 1]] = True
    return fold_of_row, validates


def _validation_rng(split: KFoldSplit) -> np.random.Generator:
    return np.random.default_rng([split.seed, split.fold])
