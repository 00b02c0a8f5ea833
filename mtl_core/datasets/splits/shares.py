"""Assign rows to splits: seeded, exact in size, stratified."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec.data.splits import SharesSplit

TRAIN, VAL, TEST = 0, 1, 2
UNUSED = -1
"""Of rows in no split."""


def split_sizes(rows: int, split: SharesSplit) -> NDArray[np.int64]:
    """Number of rows of each split: the shares rounded by largest remainder, at least one each."""
    return part_sizes(rows, (split.train, split.val, split.test))


def part_sizes(rows: int, shares: Sequence[float]) -> NDArray[np.int64]:
    """Number of rows of each part: the shares rounded by largest remainder, at least one each."""
    exact = np.array(shares) * rows
    counts: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: rows - counts.sum()]] += 1
    for i in np.flatnonzero(counts == 0):
        counts[np.argmax(counts)] -= 1
        counts[i] = 1
    return counts


def assign_splits(
    keys: Sequence[NDArray[np.int64]], rows: int, split: SharesSplit, rng: np.random.Generator
) -> NDArray[np.int8]:
    """Assign each row to a split, ``[rows]`` of TRAIN, VAL and TEST; arguments as of :func:`assign_shares`."""
    return assign_shares(keys, rows, (split.train, split.val, split.test), rng)


def assign_shares(
    keys: Sequence[NDArray[np.int64]], rows: int, shares: Sequence[float], rng: np.random.Generator
) -> NDArray[np.int8]:
    """Assign each row to a part, ``[rows]`` of indices into the shares.

    Rows are sorted by their keys, at random among equal keys, and the parts are assigned along this order in
    proportion to their shares. So each stratum gets its shares to within a row or two, however small it is, and the
    totals are exact.

    Args:
        keys: What to stratify by, ``[rows]`` each, the most important first; empty for a plain random split.
        rows: Number of rows, at least one for each part.
        shares: The shares of the parts; they sum to 1.
        rng: The random generator.
    """
    counts = part_sizes(rows, shares)
    positions = np.concatenate([(np.arange(count) + 0.5) / count for count in counts])
    sequence = np.repeat(np.arange(len(shares), dtype=np.int8), counts)[np.argsort(positions, kind="stable")]
    if not keys:
        sequence = rng.permutation(sequence)
    return _assign_in_order(keys, sequence, rng)


def assign_folds(
    keys: Sequence[NDArray[np.int64]], rows: int, folds: int, rng: np.random.Generator
) -> NDArray[np.int8]:
    """Assign each row to a fold, ``[rows]`` from 0; within each stratum the sizes of folds differ by at most one row.

    Args:
        keys: What to stratify by, ``[rows]`` each, the most important first; empty for plain folds.
        rows: Number of rows.
        folds: Number of folds, at most 100.
        rng: The random generator.
    """
    return _assign_in_order(keys, (np.arange(rows) % folds).astype(np.int8), rng)


def _assign_in_order(
    keys: Sequence[NDArray[np.int64]], sequence: NDArray[np.int8], rng: np.random.Generator
) -> NDArray[np.int8]:
    """Assign the parts of a sequence to the rows sorted by their keys, at random among equal keys."""
    order = np.lexsort((rng.permutation(len(sequence)), *reversed(keys)))
    part_of_row = np.empty(len(sequence), np.int8)
    part_of_row[order] = sequence
    return part_of_row
