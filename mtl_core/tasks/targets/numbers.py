"""Targets that are numbers, one or several a row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.spec import InputError, TargetInfo, Task
from mtl_core.tabular.column import HUGE, Column, Rows, parse_number
from mtl_core.tabular.values.numerals import Floats, begins_with_number
from mtl_core.tasks.targets.labels import Labels, TargetSource


def read_numbers(task: Task, source: TargetSource, at: str) -> Labels:
    """The labels of a task of numbers of any size.

    Raises:
        InputError: A column is not there, or holds no numbers.
    """
    return number_labels(task, source.columns_of(task, at), at)


def number_labels(task: Task, columns: Sequence[Column], at: str) -> Labels:
    """The labels of columns of numbers.

    Raises:
        InputError: A column holds no numbers.
    """
    where = f"{at}.target"
    for column in columns:
        if column.type != "numeric" and column.unique_count:
            rule = f"{task.phrase()} needs numbers; column {column.name!r} is categorical"
            found = ", ".join(column.values[:4]) + (" …" if len(column.values) > 4 else "")
            raise InputError(where, rule, found=found, fix=f"{_remedy(column)}, or take another target.")
    numbers = np.column_stack([column.numbers for column in columns])
    return by_value(task, numbers)


def by_value(task: Task, numbers: Floats, classes: tuple[str, ...] = ()) -> Labels:
    """Labels of numbers ``[N, W]``, whose rows may have some of their values where the kind of task allows it."""
    parts = np.isfinite(numbers)
    some, whole = np.asarray(parts.any(1)), np.asarray(parts.all(1))
    if not task.value_by_value:
        return Labels(task, whole, numbers=numbers, classes=classes, incomplete=int((some & ~whole).sum()))
    return Labels(task, some, numbers=numbers, classes=classes, parts=None if (some == whole).all() else parts)


def _remedy(column: Column) -> str:
    """How a column that is taken as categories can be a target of numbers."""
    if all(parse_number(value) is not None for value in column.values):
        return "Set the column's type to numeric"
    if sum(map(begins_with_number, column.values)) > 0.5 * column.unique_count:
        return "Write plain numbers in the file"
    return "Make it a classification task"


def refuse_rows(
    bad: NDArray[np.bool_], numbers: Floats, where: str, rule: str, fix: str = "Take another target."
) -> None:
    """Raise an InputError that shows the first of the bad rows, if any is."""
    if bad.any():
        row = int(np.argmax(bad))
        found = ", ".join(f"{value:g}" for value in numbers[row]) + f" in row {row + 1}"
        raise InputError(where, rule, found=found, fix=fix)


def number_info(labels: Labels, train: Rows, **facts: Any) -> TargetInfo:
    """What a target of numbers looks like in the training rows; in its own units unless ``facts`` give others.

    Args:
        labels: The labels of all rows.
        train: The training rows.
        **facts: What else the kind of task says of it, such as ``mean`` and ``std``.
    """
    task, values = labels.task, training_values(labels, train)
    width = values.shape[1]
    known: dict[str, Any] = {"name": task.name, "kind": task.kind, "classes": labels.classes, "labelled": len(values)}
    if labels.parts is not None:
        known["value_counts"] = tuple(labels.parts[train[labels.there[train]]].sum(0).tolist())
    units = {"mean": (0.0,) * width, "std": (1.0,) * width}
    return TargetInfo(**known | {"width": width} | units | facts)


def numbers_of(labels: Labels) -> Floats:
    """``[N, W]`` numbers of labels that are numbers."""
    assert labels.numbers is not None
    return labels.numbers


def training_values(labels: Labels, train: Rows) -> Floats:
    """``[n, W]`` numbers of the labelled training rows, NaN where a value is not there."""
    return numbers_of(labels)[train[labels.there[train]]]


def moments(values: Floats, *, partial: bool) -> tuple[Floats, Floats]:
    """Mean and deviation of each column, of the values that are there; 0 and 1 of a column without any."""
    if not partial:
        return values.mean(0), values.std(0)
    columns = [column[np.isfinite(column)] for column in values.T]
    pairs = [(column.mean(), column.std()) if len(column) else (0.0, 1.0) for column in columns]
    mean, std = np.array(pairs, np.float64).T
    return mean, std


def number_tensor(labels: Labels, info: TargetInfo, rows: Rows) -> Tensor:
    """``[N, W]`` numbers of some rows in training units; 0 where missing."""
    there = labels.there[rows][:, None] if labels.parts is None else labels.parts[rows]
    scaled = (numbers_of(labels)[rows] - np.array(info.mean or (0.0,))) / np.array(info.std or (1.0,))
    return torch.from_numpy(np.where(there, np.clip(scaled, -HUGE, HUGE), 0.0).astype(np.float32))
