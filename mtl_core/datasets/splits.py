"""Which row goes to which split: seeded, exact in size, stratified."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import SplitSpec

TRAIN, VAL, TEST = 0, 1, 2


def sizes(rows: int, split: SplitSpec) -> NDArray[np.int64]:
    """Rows per split: the shares rounded by largest remainder, at least one each."""
    exact = np.array([split.train, split.val, split.test]) * rows
    counts: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: rows - counts.sum()]] += 1
    for i in np.flatnonzero(counts == 0):
        counts[np.argmax(counts)] -= 1
        counts[i] = 1
    return counts


def assign(
    keys: Sequence[NDArray[np.int64]], rows: int, split: SplitSpec, rng: np.random.Generator
) -> NDArray[np.int8]:
    """The split of each row, ``[rows]`` of TRAIN, VAL and TEST.

    Rows are put in an order in which those of equal keys stand together, at random among themselves; the splits
    are then dealt out along it at their shares. So each stratum gets its shares to within a row or two, however
    small it is, and the totals are exact.

    Args:
        keys: Stratify by these, ``[rows]`` each, the first foremost; none for a plain random split.
        rows: Number of rows, at least 3.
        split: The shares.
        rng: Source of randomness.
    """
    counts = sizes(rows, split)
    due = np.concatenate([(np.arange(count) + 0.5) / count for count in counts])
    dealt = np.repeat(np.array([TRAIN, VAL, TEST], np.int8), counts)[np.argsort(due, kind="stable")]
    if not keys:
        dealt = rng.permutation(dealt)
    order = np.lexsort((rng.permutation(rows), *reversed(keys)))
    labels = np.empty(rows, np.int8)
    labels[order] = dealt
    return labels
