"""What a column seems to be for, and which tasks suggest themselves."""

import re
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from mtl_core.spec import TOTAL
from mtl_core.tabular.column import Column

Role = Literal["input", "target", "ignore"]
MAX_CLASSES = 1000
_FEW = 10  # whole numbers of at most so many values are taken for classes when they are a target
_FORBIDDEN = re.compile(r"[.\[\]/:=,\"'\s]+")


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


def task_kind(column: Column) -> Literal["regression", "binary", "multiclass", "tagging"]:
    """The kind of task that a target suggests."""
    different = column.different
    if column.type == "text":
        return "tagging"
    if different == 2:
        return "binary"
    if column.type == "numeric" and not (column.whole and different <= _FEW):
        return "regression"
    return "multiclass"


def suggested_tasks(columns: Sequence[Column]) -> tuple[dict[str, Any], ...]:
    """A task for each target column, as spec data; those of too many classes are left out."""
    names: list[str] = []
    tasks = []
    for column in columns:
        kind = task_kind(column)
        if kind != "multiclass" or column.different <= MAX_CLASSES:
            names.append(_task_name(column.name, names))
            tasks.append({"name": names[-1], "kind": kind, "target": column.name})
    return tuple(tasks)


def _task_name(column: str, taken: list[str]) -> str:
    base = _FORBIDDEN.sub(" ", column).strip() or "task"
    tries = [base, *(f"{base} {i}" for i in range(2, len(taken) + 4))]
    return next(name for name in tries if name not in taken and name != TOTAL)
