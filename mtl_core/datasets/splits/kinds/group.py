"""Whole groups at random."""

import numpy as np

from mtl_core.datasets.splits.groups import assign_groups
from mtl_core.datasets.splits.labeled_rows import Assignment, LabeledRows
from mtl_core.spec.data.splits import GroupSplit


def assign(split: GroupSplit, rows: LabeledRows) -> Assignment:
    """Assign the groups at random.

    Raises:
        InputError: The column does not exist, or has fewer than three groups.
    """
    groups, notes = rows.groups(split.column)
    parts = assign_groups(groups, (split.train, split.val, split.test), np.random.default_rng(split.seed))
    return Assignment(parts.astype(np.int8), notes)
