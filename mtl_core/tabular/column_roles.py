"""Suggested roles of columns, and suggested tasks."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mtl_core.spec import ColumnInfo
from mtl_core.spec.reports import Role
from mtl_core.spec.tasks import MAX_CLASSES, TASK_KINDS, suggested_kinds, unique_task_name
from mtl_core.tabular.column import Column


def unusable_reason(column: Column) -> str:
    """Why a column is useless as an input or a target; empty where it is not."""
    present = int(column.present.sum())
    unique_count = column.unique_count
    if unique_count == 0:
        return "it is empty"
    if unique_count == 1:
        return "it is the same in every row"
    if column.type == "categorical" and present >= 10 and unique_count > 0.9 * present:
        return "nearly every row has a value of its own"
    if column.whole and present >= 10 and present == len(column.numbers):
        steps = np.diff(column.numbers)
        if (steps == 1).all():
            return "it counts the rows"
    return ""


def suggest_roles(columns: Sequence[Column]) -> dict[str, Role]:
    """Suggest a role for each column.

    Useless columns are ignored; of two or three others the last is a target, of four or more the last two.
    """
    usable = [column.name for column in columns if not unusable_reason(column)]
    targets = usable[-2:] if len(usable) >= 4 else usable[-1:] if len(usable) >= 2 else []
    return {
        column.name: "target" if column.name in targets else "input" if column.name in usable else "ignore"
        for column in columns
    }


def suggest_tasks(columns: Sequence[ColumnInfo]) -> tuple[dict[str, Any], ...]:
    """Suggest a task for each target column, as spec data, except for columns of too many classes."""
    names: list[str] = []
    tasks = []
    for column in columns:
        kind = suggested_kinds((column,))[0]
        if column.unique <= MAX_CLASSES or not TASK_KINDS[kind].row_classes:
            names.append(unique_task_name(column.name, names))
            tasks.append({"name": names[-1], "kind": kind, "target": column.name})
    return tuple(tasks)
