"""Rows at random."""

import numpy as np

from mtl_core.datasets.splits.labeled_rows import Assignment, LabeledRows
from mtl_core.datasets.splits.shares import assign_splits
from mtl_core.spec.data.splits import RandomSplit


def assign(split: RandomSplit, rows: LabeledRows) -> Assignment:
    """Assign rows at random."""
    return Assignment(assign_splits((), len(rows), split, np.random.default_rng(split.seed)))
