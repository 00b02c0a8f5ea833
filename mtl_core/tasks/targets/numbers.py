"""Targets that are numbers, one or several per row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.spec import BaseTask, InputError, TargetInfo
from mtl_core.tabular.column import HUGE, Column, Rows, parse_number
from mtl_core.tabular.values.numerals import Floats, begins_with_number
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.targets.transforms import transform_values


def read_numbers(task: BaseTask, source: TargetSource, at: str) -> Labels:
    """Read the labels of a task that predicts any numbers.

    Raises:
        InputError: A column does not exist, or holds no numbers.
    """
    return labels_from_columns(task, source.columns_of(task, at), at)


def labels_from_columns(task: BaseTask, columns: Sequence[Column], at: str) -> Labels:
    """Return the numbers of columns as labels.

    Raises:
        InputError: A column holds no numbers.
    """
    where = f"{at}.target"
    for column in columns:
        if column.type != "numeric" and column.unique_count:
            rule = f"{task.phrase()} needs numbers; column {column.name!r} is categorical"
            examples = ", ".join(column.values[:4]) + (" …" if len(column.values) > 4 else "")
            raise InputError(where, rule, found=examples, fix=f"{_numeric_fix(column)}, or take another target.")
    numbers = np.column_stack([column.numbers for column in columns])
    return labels_from_numbers(task, numbers)


def labels_from_numbers(task: BaseTask, numbers: Floats, classes: tuple[str, ...] = ()) -> Labels:
    """Return numbers ``[N, W]`` as labels; rows may lack some of their values if the kind of task allows it."""
    present = np.isfinite(numbers)
    partial, complete = np.asarray(present.any(1)), np.asarray(present.all(1))
    if not task.value_by_value:
        return Labels(
            task, complete, numbers=numbers, classes=classes, incomplete_rows=int((partial & ~complete).sum())
        )
    value_mask = None if (partial == complete).all() else present
    return Labels(task, partial, numbers=numbers, classes=classes, value_mask=value_mask)


def _numeric_fix(column: Column) -> str:
    """How a categorical column can become a target of numbers."""
    if all(parse_number(value) is not None for value in column.values):
        return "Set the column's type to numeric"
    if sum(map(begins_with_number, column.values)) > 0.5 * column.unique_count:
        return "Write plain numbers in the file"
    return "Make it a classification task"


def reject_rows(
    invalid: NDArray[np.bool_], numbers: Floats, where: str, rule: str, fix: str = "Take another target."
) -> None:
    """Raise an InputError that shows the first invalid row, if there is one."""
    if invalid.any():
        row = int(np.argmax(invalid))
        values = ", ".join(f"{value:g}" for value in numbers[row])
        raise InputError(where, rule, found=f"{values} in row {row + 1}", fix=fix)


def number_info(labels: Labels, train: Rows, **facts: Any) -> TargetInfo:
    """Describe a target of numbers in the training rows; without standardization unless ``facts`` contain it.

    Args:
        labels: The labels of all rows.
        train: The training rows.
        **facts: Further fields of the description, such as ``mean`` and ``std``.
    """
    task, values = labels.task, training_values(labels, train)
    width = values.shape[1]
    fields: dict[str, Any] = {"name": task.name, "kind": task.kind, "classes": labels.classes, "labelled": len(values)}
    if labels.value_mask is not None:
        fields["value_counts"] = tuple(labels.value_mask[train[labels.labeled[train]]].sum(0).tolist())
    units = {"mean": (0.0,) * width, "std": (1.0,) * width}
    return TargetInfo(**fields | {"width": width} | units | facts)


def number_matrix(labels: Labels) -> Floats:
    """The numbers ``[N, W]`` of labels that are numbers."""
    assert labels.numbers is not None
    return labels.numbers


def training_values(labels: Labels, train: Rows) -> Floats:
    """The numbers ``[n, W]`` of the labeled training rows, NaN where a value is missing."""
    return number_matrix(labels)[train[labels.labeled[train]]]


def moments(values: Floats, *, partial: bool) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the present values of each column; 0 and 1 if a column has none."""
    if not partial:
        return values.mean(0), values.std(0)
    columns = [column[np.isfinite(column)] for column in values.T]
    pairs = [(column.mean(), column.std()) if len(column) else (0.0, 1.0) for column in columns]
    mean, std = np.array(pairs, np.float64).T
    return mean, std


def number_tensor(labels: Labels, info: TargetInfo, rows: Rows) -> Tensor:
    """``[N, W]`` numbers of some rows in training units; 0 where missing."""
    present = labels.labeled[rows][:, None] if labels.value_mask is None else labels.value_mask[rows]
    values = transform_values(info, torch.from_numpy(number_matrix(labels)[rows])).numpy()
    scaled = (values - np.array(info.mean or (0.0,))) / np.array(info.std or (1.0,))
    return torch.from_numpy(np.where(present, np.clip(scaled, -HUGE, HUGE), 0.0).astype(np.float32))
