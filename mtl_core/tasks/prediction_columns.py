"""A task's predictions and truth as columns of a table, for people and other programs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mtl_core.spec import TargetInfo, Task
from mtl_core.spec.dataset import PADDING
from mtl_core.tasks.units import restoring

Cells = list[list[Any]]
"""A row's cells, row by row: names of classes, numbers, 0 or 1."""

_DIGITS = 5
"""Decimals of a truth of deviation 1 that its float32 can hold."""


@dataclass(frozen=True)
class TaskColumns:
    """What a table tells of one task.

    Columns are named ``<task>.predicted``, ``<task>.p.<class>`` and ``<task>.truth``; of a task with several values or
    labels a row, the column's or label's name follows. A map of classes does not fit a row: of a segmentation the share
    of the pixels of each class is told.

    Attributes:
        predicted: Names of the columns that the prediction fills; probabilities of classes among them.
        truth: Names of those that the target fills; none where it is nothing to be predicted.
        read: From what ``TaskHead.predict`` gives, of B rows, and their inputs, which say where a text ends, to their
            cells.
        tell: From the target of B rows, as in :class:`mtl_core.datasets.Split`, to their cells.
    """

    predicted: tuple[str, ...]
    truth: tuple[str, ...]
    read: Callable[[Tensor, Tensor], Cells]
    tell: Callable[[Tensor], Cells]


def _named(task: Task, what: str, of: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{task.name}.{what}.{name}" for name in of)


def numbers(task: Task, info: TargetInfo) -> TaskColumns:
    """Values in the target's own units."""
    of = partial(_named, task, of=task.targets)
    alone = len(task.targets) == 1
    restore, decimals = restoring(info), [_decimals(std) for std in info.std or (1.0,) * info.width]

    def tell(target: Tensor) -> Cells:
        # A target is kept in float32, in training units: digits beyond those it holds would be noise.
        pairs = (zip(row, decimals, strict=True) for row in restore(target).tolist())
        return [[round(value, places) for value, places in row] for row in pairs]

    return TaskColumns(
        (f"{task.name}.predicted",) if alone else of("predicted"),
        (f"{task.name}.truth",) if alone else of("truth"),
        lambda prediction, _: prediction.tolist(),
        tell,
    )


def _decimals(std: float) -> int:
    return _DIGITS - math.floor(math.log10(std))


def without_truth(columns: TaskColumns) -> TaskColumns:
    """Those of a prediction only, whose target is no truth."""
    return TaskColumns(columns.predicted, (), columns.read, lambda target: [[] for _ in target])


def _most_probable(probabilities: Tensor) -> Tensor:
    return probabilities.argmax(1)


def classes(task: Task, info: TargetInfo, choose: Callable[[Tensor], Tensor] = _most_probable) -> TaskColumns:
    """The class and every class's probability."""

    def read(probabilities: Tensor, _: Tensor) -> Cells:
        chosen = choose(probabilities).tolist()
        return [[info.classes[one], *row] for one, row in zip(chosen, probabilities.tolist(), strict=True)]

    def tell(target: Tensor) -> Cells:
        return [[info.classes[one]] for one in target.long().view(-1).tolist()]

    predicted = (f"{task.name}.predicted", *_named(task, "p", info.classes))
    return TaskColumns(predicted, (f"{task.name}.truth",), read, tell)


def labels(task: Task, info: TargetInfo) -> TaskColumns:
    """For each label whether it applies, and how probable that is."""

    def read(probabilities: Tensor, _: Tensor) -> Cells:
        return torch.cat([probabilities > 0.5, probabilities], dim=1).tolist()

    of = partial(_named, task, of=info.classes)
    return TaskColumns((*of("predicted"), *of("p")), of("truth"), read, lambda target: target.long().tolist())


def distribution(task: Task, info: TargetInfo) -> TaskColumns:
    """The most probable class, and the probabilities beside the true ones."""
    found = classes(task, info)
    tell = partial(_rounded, decimals=_DIGITS + 1)
    return TaskColumns(found.predicted, _named(task, "truth", info.classes), found.read, tell)


def _rounded(values: Tensor, decimals: int) -> Cells:
    return [[round(value, decimals) for value in row] for row in values.tolist()]


def shares(task: Task, info: TargetInfo) -> TaskColumns:
    """Of every class the share of the pixels that are of it."""

    def told(classes: Tensor) -> Cells:
        flat = classes.flatten(1)
        return torch.stack([(flat == k).double().mean(1) for k in range(len(info.classes))], dim=1).tolist()

    of = partial(_named, task, of=info.classes)
    return TaskColumns(of("predicted"), of("truth"), lambda p, _: told(p.argmax(1)), told)


def tags(task: Task, info: TargetInfo) -> TaskColumns:
    """The tags, one for each token."""

    def told(tags: Tensor) -> Cells:
        return [[" ".join(info.classes[tag] for tag in row if tag >= 0)] for row in tags.tolist()]

    def read(probabilities: Tensor, inputs: Tensor) -> Cells:
        return told(probabilities.argmax(1).masked_fill(inputs == PADDING, -1))

    return TaskColumns((f"{task.name}.predicted",), (f"{task.name}.truth",), read, told)
