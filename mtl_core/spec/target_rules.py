"""Which role and which kind of task a column of a data set can have, and how its task is named."""

import re
from collections.abc import Collection
from typing import Literal

from mtl_core.spec.dataset import ColumnType
from mtl_core.spec.tasks import TOTAL

Role = Literal["input", "target", "ignore"]

MAX_CLASSES = 1000
"""Most classes of a task."""
MAX_INTEGER_CLASSES = 10
"""A numeric target of whole numbers suggests classification up to this number of distinct values."""
_PATH_SYNTAX = re.compile(r"[.\[\]/:=,\"'\s]+")


def default_task_kind(
    column_type: ColumnType, distinct: int, *, whole: bool
) -> Literal["regression", "binary", "multiclass", "tagging"]:
    """The kind of task suggested for a target column.

    Args:
        column_type: How the column is read.
        distinct: Number of distinct values.
        whole: Whether all of its numbers are whole.
    """
    if column_type == "text":
        return "tagging"
    if distinct == 2:
        return "binary"
    if column_type == "numeric" and not (whole and 2 < distinct <= MAX_INTEGER_CLASSES):
        return "regression"
    return "multiclass"


def unique_task_name(column: str, existing: Collection[str]) -> str:
    """A task name made from a column's: without the syntax of spec paths, and with a number if it exists already."""
    base = _PATH_SYNTAX.sub(" ", column).strip() or "task"
    candidates = [base, *(f"{base} {i}" for i in range(2, len(existing) + 4))]
    return next(name for name in candidates if name not in existing and name != TOTAL)
