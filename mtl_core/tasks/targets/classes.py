"""Targets that are classes, one per row, pixel or token."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtl_core.spec import BaseTask, InputError, TargetInfo, shorten
from mtl_core.spec.tasks import MAX_CLASSES
from mtl_core.tabular.cells import column_setting
from mtl_core.tabular.column import Column, Rows
from mtl_core.tasks.targets.labels import Labels


def class_labels(task: BaseTask, column: Column, at: str) -> Labels:
    """Return the classes of a column as labels.

    Raises:
        InputError: It has too few or too many.
    """
    count = column.unique_count
    if count == 1 or count > MAX_CLASSES:
        rule = f"{task.phrase()} needs 2 to {MAX_CLASSES} classes"
        fix = "Make it a regression." if column.type == "numeric" and count > 1 else class_count_fix(column)
        raise InputError(f"{at}.target", rule, found=describe_values(column), fix=fix)
    return Labels(task, column.present, codes=column.codes, classes=column.values)


def check_class_weights(labels: Labels, at: str) -> Labels:
    """Return the labels unchanged after a check of the task's class weights.

    Raises:
        InputError: A weight names a class that does not exist.
    """
    weights = getattr(labels.task, "class_weights", "equal")
    for name in weights if isinstance(weights, dict) else ():
        if name not in labels.classes:
            fix = "The classes are " + shorten(", ".join(map(repr, labels.classes)), 200) + "."
            raise InputError(f"{at}.class_weights", "there is no such class", found=repr(name), fix=fix)
    return labels


def class_count_fix(column: Column) -> str:
    """How to fix a column with too few or too many classes: perhaps a class counts as missing."""
    words = [text for text, _ in column.missing if text]
    if not words or column.unique_count > 1:
        return "Take another target."
    cells = sum(count for text, count in column.missing if text)
    quoted = " and ".join(map(repr, words[:3]))
    fix = f"To make it a class, set {column_setting('missing', column.name)} to an empty list, []."
    return f"{cells} cells say {quoted}, which counts as missing. {fix}"


def describe_values(column: Column) -> str:
    """The number of values of a column and the first of them, for messages."""
    more = " …" if column.unique_count > 6 else ""
    return f"{column.unique_count} in column {column.name!r}: " + ", ".join(column.values[:6]) + more


def class_info(labels: Labels, train: Rows, **facts: Any) -> TargetInfo:
    """Describe a target of classes, or of a map of classes, in the training rows.

    Args:
        labels: The labels of all rows.
        train: The training rows.
        **facts: Further fields of the description.
    """
    task = labels.task
    rows = train[labels.labeled[train]]
    fields: dict[str, Any] = {"name": task.name, "kind": task.kind, "classes": labels.classes, "labelled": len(rows)}
    if labels.maps is not None:
        maps = labels.maps[rows]
        counts = np.bincount(maps[maps >= 0], minlength=len(labels.classes))
        fields["size"] = labels.maps.shape[1:]
    else:
        assert labels.codes is not None
        counts = np.bincount(labels.codes[rows], minlength=len(labels.classes))
    return TargetInfo(**fields | facts, counts=tuple(counts.tolist()))


def class_tensor(labels: Labels, _: TargetInfo, rows: Rows) -> Tensor:
    """``[N]`` classes of some rows; 0 where missing."""
    assert labels.codes is not None
    return torch.from_numpy(np.where(labels.labeled[rows], labels.codes[rows], 0))


def map_tensor(labels: Labels, _: TargetInfo, rows: Rows) -> Tensor:
    """``[N, …]`` maps of classes of some rows."""
    assert labels.maps is not None
    return torch.from_numpy(labels.maps[rows])
