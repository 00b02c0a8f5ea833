"""Targets that are classes, one a row, pixel or token."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtl_core.spec import InputError, TargetInfo, Task, shorten
from mtl_core.spec.tasks import MAX_CLASSES
from mtl_core.tabular.cells import column_setting
from mtl_core.tabular.column import Column, Rows
from mtl_core.tasks.targets.labels import Labels


def class_labels(task: Task, column: Column, at: str) -> Labels:
    """The classes of a column.

    Raises:
        InputError: It has too few or too many.
    """
    count = column.unique_count
    if count == 1 or count > MAX_CLASSES:
        rule = f"{task.phrase()} needs 2 to {MAX_CLASSES} classes"
        fix = "Make it a regression." if column.type == "numeric" and count > 1 else remedy_of(column)
        raise InputError(f"{at}.target", rule, found=values_of(column), fix=fix)
    return Labels(task, column.present, codes=column.codes, classes=column.values)


def check_class_weights(labels: Labels, at: str) -> Labels:
    """The same labels.

    Raises:
        InputError: The weights that were given name other classes.
    """
    weights = getattr(labels.task, "class_weights", "equal")
    for name in weights if isinstance(weights, dict) else ():
        if name not in labels.classes:
            fix = "The classes are " + shorten(", ".join(map(repr, labels.classes)), 200) + "."
            raise InputError(f"{at}.class_weights", "there is no such class", found=repr(name), fix=fix)
    return labels


def remedy_of(column: Column) -> str:
    """What to do about a column with too few or too many classes: perhaps a class counts as missing."""
    words = [text for text, _ in column.missing if text]
    if not words or column.unique_count > 1:
        return "Take another target."
    cells = sum(count for text, count in column.missing if text)
    named = " and ".join(map(repr, words[:3]))
    way = f"To make it a class, set {column_setting('missing', column.name)} to an empty list, []."
    return f"{cells} cells say {named}, which counts as missing. {way}"


def values_of(column: Column) -> str:
    """How many values a column has, and the first of them."""
    more = " …" if column.unique_count > 6 else ""
    return f"{column.unique_count} in column {column.name!r}: " + ", ".join(column.values[:6]) + more


def class_info(labels: Labels, train: Rows, **facts: Any) -> TargetInfo:
    """What a target of classes, or of a map of classes, looks like in the training rows.

    Args:
        labels: The labels of all rows.
        train: The training rows.
        **facts: What else the kind of task says of it.
    """
    task = labels.task
    rows = train[labels.there[train]]
    known: dict[str, Any] = {"name": task.name, "kind": task.kind, "classes": labels.classes, "labelled": len(rows)}
    if labels.maps is not None:
        seen = labels.maps[rows]
        counts = np.bincount(seen[seen >= 0], minlength=len(labels.classes))
        known["size"] = labels.maps.shape[1:]
    else:
        assert labels.codes is not None
        counts = np.bincount(labels.codes[rows], minlength=len(labels.classes))
    return TargetInfo(**known | facts, counts=tuple(counts.tolist()))


def class_tensor(labels: Labels, _: TargetInfo, rows: Rows) -> Tensor:
    """``[N]`` classes of some rows; 0 where missing."""
    assert labels.codes is not None
    return torch.from_numpy(np.where(labels.there[rows], labels.codes[rows], 0))


def map_tensor(labels: Labels, _: TargetInfo, rows: Rows) -> Tensor:
    """``[N, …]`` maps of classes of some rows."""
    assert labels.maps is not None
    return torch.from_numpy(labels.maps[rows])
