"""Rows at random, stratified by labels."""

import numpy as np

from mtl_core.datasets.splits.labeled_rows import Assignment, LabeledRows
from mtl_core.datasets.splits.shares import assign_splits
from mtl_core.spec import StratifiedSplit


def assign(split: StratifiedSplit, rows: LabeledRows) -> Assignment:
    """Assign rows at random, so that each class has the same shares as all rows."""
    keys, notes = rows.strata()
    return Assignment(assign_splits(keys, len(rows), split, np.random.default_rng(split.seed)), notes)
