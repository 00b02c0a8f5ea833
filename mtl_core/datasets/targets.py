"""Target columns to labels, and what a task needs to know of them."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.datasets.columns import HUGE, Codes, Column, Floats, number
from mtl_core.datasets.roles import MAX_CLASSES
from mtl_core.spec import BinaryTask, InputError, MulticlassTask, RegressionTask, TargetInfo, Task, shorten

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Labels:
    """A task's labels in every row.

    Attributes:
        there: ``[N]``, true where the row is labelled.
        codes: ``[N]`` classes, -1 where missing; None for a regression.
        numbers: ``[N, W]``, NaN where missing; None for classes.
        classes: The classes in the order of their numbers; binary: negative, positive.
    """

    task: Task
    there: NDArray[np.bool_]
    codes: Codes | None = None
    numbers: Floats | None = None
    classes: tuple[str, ...] = ()

    @property
    def stratum(self) -> Codes:
        """``[N]``: by what to stratify: the class, or whether there is a label at all."""
        return self.codes if self.codes is not None else self.there.astype(np.int64)


def find_column(columns: Mapping[str, Column], name: str, where: str) -> Column:
    """The column of that name.

    Raises:
        InputError: There is none; the error suggests those with a similar name.
    """
    if name in columns:
        return columns[name]
    folded = {known.casefold(): known for known in columns}
    close = [folded[near] for near in difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
    names = close or list(columns)[:8]
    lead = "Did you mean " if close else "The columns are "
    fix = lead + shorten(", ".join(map(repr, names)), 200) + ("?" if close else ".")
    raise InputError(where, "there is no such column", found=repr(name), fix=fix)


def read_labels(tasks: Sequence[Task], columns: Mapping[str, Column], place: str = "tasks") -> list[Labels]:
    """The labels of each task.

    Args:
        tasks: The tasks.
        columns: All columns by name.
        place: Where in the spec the tasks stand.

    Raises:
        InputError: A target is not there, has no label, or does not suit the kind of task.
    """
    labels = []
    for i, task in enumerate(tasks):
        at = f"{place}[{i}]"
        where = f"{at}.target"
        found = [find_column(columns, name, where) for name in task.targets]
        read = _regression(task, found, where) if isinstance(task, RegressionTask) else _classes(task, found[0], at)
        if not read.there.any():
            rule = "no row has a label" if len(found) == 1 else "no row has a label in all of these columns"
            raise InputError(where, rule, found=", ".join(task.targets), fix="Take another target.")
        labels.append(read)
    return labels


def _regression(task: RegressionTask, columns: list[Column], where: str) -> Labels:
    for column in columns:
        if column.type != "numeric" and column.different:
            numeric = all(number(value) is not None for value in column.values)
            fix = "Set the column's type to numeric" if numeric else "Make it a classification task"
            rule = f"a regression needs numbers; column {column.name!r} is categorical"
            found = ", ".join(column.values[:4]) + (" …" if len(column.values) > 4 else "")
            raise InputError(where, rule, found=found, fix=fix + ", or take another target.")
    numbers = np.column_stack([column.numbers for column in columns])
    return Labels(task, np.asarray(np.isfinite(numbers).all(1)), numbers=numbers)


def _classes(task: BinaryTask | MulticlassTask, column: Column, place: str) -> Labels:
    where = f"{place}.target"
    count = column.different
    found = f"{count} in column {column.name!r}: " + ", ".join(column.values[:6]) + (" …" if count > 6 else "")
    if isinstance(task, BinaryTask):
        if count not in (0, 2):
            fix = "Make it a multiclass task." if 2 < count <= MAX_CLASSES else "Take another target."
            raise InputError(where, "a binary task needs exactly two values", found=found, fix=fix)
        return _binary(task, column, place)
    if count == 1 or count > MAX_CLASSES:
        rule = f"a multiclass task needs 2 to {MAX_CLASSES} classes"
        fix = "Make it a regression." if column.type == "numeric" and count > 1 else "Take another target."
        raise InputError(where, rule, found=found, fix=fix)
    return Labels(task, column.there, codes=column.codes, classes=column.values)


def _binary(task: BinaryTask, column: Column, place: str) -> Labels:
    values, codes = column.values, column.codes
    if task.positive is not None and values:
        positive = _place(task.positive, values)
        if positive is None:
            rule = "must be one of the target's two values, " + " and ".join(map(repr, values))
            raise InputError(f"{place}.positive", rule, found=repr(task.positive))
        if positive == 0:
            values, codes = values[::-1], np.where(codes < 0, codes, 1 - codes)
    return Labels(task, column.there, codes=codes, classes=values)


def _place(wanted: str, values: tuple[str, ...]) -> int | None:
    wanted = wanted.strip()
    if wanted in values:
        return values.index(wanted)
    as_number = number(wanted)  # "1.0" stands for 1
    return next((i for i, v in enumerate(values) if as_number is not None and number(v) == as_number), None)


def target_info(labels: Labels, train: Rows) -> TargetInfo:
    """What the task's target looks like; statistics are those of the labelled training rows."""
    task = labels.task
    rows = train[labels.there[train]]
    if labels.numbers is None:
        return TargetInfo(name=task.name, kind=task.kind, classes=labels.classes, labelled=len(rows))
    count = labels.numbers.shape[1]
    mean, std = np.zeros(count), np.ones(count)
    if isinstance(task, RegressionTask) and task.standardize:
        mean, std = labels.numbers[rows].mean(0), labels.numbers[rows].std(0)
        std = np.where(std > 1e-9 * np.maximum(np.abs(mean), 1e-30), std, 1.0)
    statistics: dict[str, Any] = {"mean": tuple(mean.tolist()), "std": tuple(std.tolist())}
    return TargetInfo(name=task.name, kind=task.kind, width=count, labelled=len(rows), **statistics)


def target_tensor(labels: Labels, info: TargetInfo, rows: Rows) -> Tensor:
    """The labels of some rows as the task's loss takes them; 0 where missing."""
    there = labels.there[rows]
    if labels.numbers is not None:
        scaled = (labels.numbers[rows] - np.array(info.mean)) / np.array(info.std)
        values = np.where(there[:, None], np.clip(scaled, -HUGE, HUGE), 0.0)
        return torch.from_numpy(values.astype(np.float32))
    assert labels.codes is not None
    codes = torch.from_numpy(np.where(there, labels.codes[rows], 0))
    return codes.to(torch.float32).unsqueeze(1) if info.kind == "binary" else codes
