"""What a column seems to be for, and which tasks suggest themselves."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mtl_core.spec import ColumnInfo
from mtl_core.spec.reports import Role
from mtl_core.spec.tasks import MAX_CLASSES, TASK_KINDS, suggested_kinds, unique_task_name
from mtl_core.tabular.column import Column


def useless(column: Column) -> str:
    """Why a column is no use as an input or target, or nothing."""
    present = int(column.there.sum())
    different = column.different
    if different == 0:
        return "it is empty"
    if different == 1:
        return "it is the same in every row"
    if column.type == "categorical" and present >= 10 and different > 0.9 * present:
        return "nearly every row has a value of its own"
    if column.whole and present >= 10 and present == len(column.numbers):
        steps = np.diff(column.numbers)
        if (steps == 1).all():
            return "it counts the rows"
    return ""


def roles(columns: Sequence[Column]) -> dict[str, Role]:
    """A role for each column: the useless are ignored; of the others the last is a target, or the last two of four."""
    usable = [column.name for column in columns if not useless(column)]
    targets = usable[-2:] if len(usable) >= 4 else usable[-1:] if len(usable) >= 2 else []
    return {
        column.name: "target" if column.name in targets else "input" if column.name in usable else "ignore"
        for column in columns
    }


def suggested_tasks(columns: Sequence[ColumnInfo]) -> tuple[dict[str, Any], ...]:
    """A task for each target column, as spec data; those of too many classes are left out."""
    names: list[str] = []
    tasks = []
    for column in columns:
        kind = suggested_kinds((column,))[0]
        if column.unique <= MAX_CLASSES or not TASK_KINDS[kind].row_classes:
            names.append(unique_task_name(column.name, names))
            tasks.append({"name": names[-1], "kind": kind, "target": column.name})
    return tuple(tasks)
