"""A task's predictions and targets as columns of a table, for people and other programs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mtl_core.spec import BaseTask, TargetInfo
from mtl_core.spec.inputs.text import PADDING
from mtl_core.tasks.standardization import inverse_standardization

Cells = list[list[Any]]
"""The cells of each row: names of classes, numbers, 0 or 1."""

_DIGITS = 5
"""Decimals of a target of standard deviation 1 that its float32 can hold."""
_SIGNIFICANT = 6
"""Digits of a transformed target that its float32 can hold."""


@dataclass(frozen=True)
class TaskColumns:
    """The columns of one task in a table of predictions.

    Columns are named ``<task>.predicted``, ``<task>.p.<class>`` and ``<task>.truth``; for a task with several values or
    labels per row, the name of the column or label follows. A map of classes does not fit into a row: a segmentation
    has the share of the pixels of each class instead.

    Attributes:
        predicted: Names of the columns that predictions fill, including probabilities of classes.
        truth: Names of the columns that targets fill; empty if the target is not to be predicted.
        format_predictions: From the result of ``TaskHead.predict`` for B rows, and their inputs, which say where a text
            ends, to their cells.
        format_targets: From the targets of B rows, as in :class:`mtl_core.datasets.Split`, to their cells.
    """

    predicted: tuple[str, ...]
    truth: tuple[str, ...]
    format_predictions: Callable[[Tensor, Tensor], Cells]
    format_targets: Callable[[Tensor], Cells]


def _column_names(task: BaseTask, role: str, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{task.name}.{role}.{name}" for name in names)


def numbers(task: BaseTask, info: TargetInfo) -> TaskColumns:
    """Values in the target's units."""
    single = len(task.targets) == 1
    restore, decimals = inverse_standardization(info), [_decimals(std) for std in info.std or (1.0,) * info.width]

    def format_targets(target: Tensor) -> Cells:
        # A target is stored as float32, in training units: digits beyond its precision would be noise.
        if info.transform != "none":
            return [[float(f"{value:.{_SIGNIFICANT}g}") for value in row] for row in restore(target).tolist()]
        pairs = (zip(row, decimals, strict=True) for row in restore(target).tolist())
        return [[round(value, places) for value, places in row] for row in pairs]

    return TaskColumns(
        (f"{task.name}.predicted",) if single else _column_names(task, "predicted", task.targets),
        (f"{task.name}.truth",) if single else _column_names(task, "truth", task.targets),
        lambda prediction, _: prediction.tolist(),
        format_targets,
    )


def _decimals(std: float) -> int:
    return _DIGITS - math.floor(math.log10(std))


def without_truth(columns: TaskColumns) -> TaskColumns:
    """Only the predicted columns, for a target that is not to be predicted."""
    return TaskColumns(columns.predicted, (), columns.format_predictions, lambda target: [[] for _ in target])


def _most_probable(probabilities: Tensor) -> Tensor:
    return probabilities.argmax(1)


def classes(task: BaseTask, info: TargetInfo, choose: Callable[[Tensor], Tensor] = _most_probable) -> TaskColumns:
    """The class and the probability of every class.

    Args:
        task: The task.
        info: The description of its target.
        choose: From probabilities ``[B, C]`` to the predicted classes ``[B]``.
    """

    def format_predictions(probabilities: Tensor, _: Tensor) -> Cells:
        predictions = choose(probabilities).tolist()
        return [[info.classes[index], *row] for index, row in zip(predictions, probabilities.tolist(), strict=True)]

    def format_targets(target: Tensor) -> Cells:
        return [[info.classes[index]] for index in target.long().view(-1).tolist()]

    predicted = (f"{task.name}.predicted", *_column_names(task, "p", info.classes))
    return TaskColumns(predicted, (f"{task.name}.truth",), format_predictions, format_targets)


def labels(task: BaseTask, info: TargetInfo) -> TaskColumns:
    """Whether each label applies, and its probability."""

    def format_predictions(probabilities: Tensor, _: Tensor) -> Cells:
        return torch.cat([probabilities > 0.5, probabilities], dim=1).tolist()

    predicted = (*_column_names(task, "predicted", info.classes), *_column_names(task, "p", info.classes))
    truth = _column_names(task, "truth", info.classes)
    return TaskColumns(predicted, truth, format_predictions, lambda target: target.long().tolist())


def distribution(task: BaseTask, info: TargetInfo) -> TaskColumns:
    """The most probable class, and predicted and true probabilities."""
    columns = classes(task, info)
    format_targets = partial(_round_cells, decimals=_DIGITS + 1)
    truth = _column_names(task, "truth", info.classes)
    return TaskColumns(columns.predicted, truth, columns.format_predictions, format_targets)


def _round_cells(values: Tensor, decimals: int) -> Cells:
    return [[round(value, decimals) for value in row] for row in values.tolist()]


def shares(task: BaseTask, info: TargetInfo) -> TaskColumns:
    """The share of the pixels of each class."""

    def class_shares(classes: Tensor) -> Cells:
        flat = classes.flatten(1)
        return torch.stack([(flat == k).double().mean(1) for k in range(len(info.classes))], dim=1).tolist()

    return TaskColumns(
        _column_names(task, "predicted", info.classes),
        _column_names(task, "truth", info.classes),
        lambda probabilities, _: class_shares(probabilities.argmax(1)),
        class_shares,
    )


def tags(task: BaseTask, info: TargetInfo) -> TaskColumns:
    """The tags, one per token, separated by spaces."""

    def join_tags(tags: Tensor) -> Cells:
        return [[" ".join(info.classes[tag] for tag in row if tag >= 0)] for row in tags.tolist()]

    def format_predictions(probabilities: Tensor, inputs: Tensor) -> Cells:
        return join_tags(probabilities.argmax(1).masked_fill(inputs == PADDING, -1))

    return TaskColumns((f"{task.name}.predicted",), (f"{task.name}.truth",), format_predictions, join_tags)
