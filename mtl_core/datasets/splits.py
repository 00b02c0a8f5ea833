"""Assign rows to splits: seeded, exact in size, stratified."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import SplitSpec

TRAIN, VAL, TEST = 0, 1, 2


def split_sizes(rows: int, split: SplitSpec) -> NDArray[np.int64]:
    """Number of rows of each split: the shares rounded by largest remainder, at least one each."""
    exact = np.array([split.train, split.val, split.test]) * rows
    counts: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: rows - counts.sum()]] += 1
    for i in np.flatnonzero(counts == 0):
        counts[np.argmax(counts)] -= 1
        counts[i] = 1
    return counts


def assign_splits(
    keys: Sequence[NDArray[np.int64]], rows: int, split: SplitSpec, rng: np.random.Generator
) -> NDArray[np.int8]:
    """Assign each row to a split, ``[rows]`` of TRAIN, VAL and TEST.

    Rows are sorted by their keys, at random among equal keys, and the splits are assigned along this order in
    proportion to their shares. So each stratum gets its shares to within a row or two, however small it is, and the
    totals are exact.

    Args:
        keys: What to stratify by, ``[rows]`` each, the most important first; empty for a plain random split.
        rows: Number of rows, at least 3.
        split: The shares.
        rng: The random generator.
    """
    counts = split_sizes(rows, split)
    positions = np.concatenate([(np.arange(count) + 0.5) / count for count in counts])
    sequence = np.repeat(np.array([TRAIN, VAL, TEST], np.int8), counts)[np.argsort(positions, kind="stable")]
    if not keys:
        sequence = rng.permutation(sequence)
    order = np.lexsort((rng.permutation(rows), *reversed(keys)))
    split_of_row = np.empty(rows, np.int8)
    split_of_row[order] = sequence
    return split_of_row
