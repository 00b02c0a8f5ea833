"""The kinds of split, each from the module of its name, and how rows are divided by any of them."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from mtl_core.datasets.splits.labeled_rows import Assignment, LabeledRows
from mtl_core.spec.data.splits import SPLIT_KINDS, SplitSpec

ASSIGNMENTS: dict[str, Callable[[Any, LabeledRows], Assignment]] = {
    kind: import_module(f"mtl_core.datasets.splits.kinds.{kind}").assign for kind in SPLIT_KINDS
}
"""By the name of the kind, which is registered in :data:`mtl_core.spec.data.splits.SplitSpec`."""


def assign_rows(split: SplitSpec, rows: LabeledRows) -> Assignment:
    """Assign rows to training, validation and test.

    Raises:
        InputError: A column of the split does not exist or does not suit it, or there are too few rows.
    """
    return ASSIGNMENTS[split.kind](split, rows)
