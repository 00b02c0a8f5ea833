"""Multilabel classification: one logit a label, each label for itself."""

from functools import partial
from typing import Any

import numpy as np
import torch

from mtl_core.spec import InputError, MultilabelTask, TargetInfo, shorten
from mtl_core.spec.tasks import MAX_CLASSES
from mtl_core.tabular.column import Column, Rows
from mtl_core.tabular.values.numerals import Floats
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.base import TaskHead, directions, mean_of_values
from mtl_core.tasks.kind import TaskKind
from mtl_core.tasks.losses import binary_values, positive_weights
from mtl_core.tasks.metrics import ABSENT, Measure
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.targets.numbers import by_value, number_info, number_tensor, training_values


def _read_labels(task: MultilabelTask, source: TargetSource, at: str) -> Labels:
    columns, where = source.columns_of(task, at), f"{at}.target"
    if len(columns) == 1 and columns[0].type == "categorical":
        return _separated(task, columns[0], where)
    numbers = np.column_stack([_flags(column, where) for column in columns])
    return by_value(task, numbers, tuple(column.name for column in columns))


def _flags(column: Column, where: str) -> Floats:
    """A column of two values as 0 and 1, the later in order being 1."""
    if not set(column.values) <= {"0", "1"} and column.unique_count != 2:
        found = f"{column.unique_count} in column {column.name!r}: " + ", ".join(column.values[:6])
        raise InputError(where, "a label's column needs exactly two values, such as 0 and 1", found=shorten(found))
    alone = 1.0 if column.values == ("1",) else 0.0
    values = column.codes.astype(np.float64) if column.unique_count == 2 else np.full(len(column.codes), alone)
    return np.where(column.codes < 0, np.nan, values)


def _separated(task: MultilabelTask, column: Column, where: str) -> Labels:
    """Labels from one column such as ``red|round``; an empty cell is a missing label."""
    parts = [[p.strip() for p in text.split(task.separator) if p.strip()] for text in column.values]
    names = tuple(sorted({part for row in parts for part in row}))
    if not 2 <= len(names) <= MAX_CLASSES and column.unique_count:
        rule = f"needs 2 to {MAX_CLASSES} labels separated by {task.separator!r}"
        raise InputError(where, rule, found=f"{len(names)} in column {column.name!r}", fix="Set separator.")
    table = np.array([[name in row for name in names] for row in map(set, parts)], np.float64)
    table = np.vstack([table.reshape(len(parts), len(names)), np.full(len(names), np.nan)])
    return Labels(task, column.present, numbers=table[column.codes], classes=names)


def _info(labels: Labels, train: Rows) -> TargetInfo:
    counts = np.nansum(training_values(labels, train), 0).astype(int).tolist()
    return number_info(labels, train, counts=tuple(counts), mean=(), std=())


def build_multilabel(task: MultilabelTask, info: TargetInfo) -> TaskHead:
    """The runtime of a multilabel task: the mean loss of the labels; metrics are means over the labels (macro).

    ``predict`` gives each label's own probability; they do not sum to 1.
    """
    labels = len(info.classes)
    positives = torch.tensor(info.counts or (0,) * labels, dtype=torch.float32)
    labelled = torch.tensor(info.value_counts, dtype=torch.float32) if info.value_counts else info.labelled
    positive = positive_weights(task.positive_weight, positives, labelled)
    gamma = task.gamma if task.loss == "focal" else None

    def measures() -> dict[str, Measure]:
        if info.value_counts:
            return {name: _partial_measure(name, labels) for name in task.metrics}
        return {name: _measure(name, labels) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=mean_of_values(partial(binary_values, positive=positive, gamma=gamma)),
        predict=torch.sigmoid,
        directions=directions(task),
        read=lambda prediction, target: (torch.sigmoid(prediction.double()), target.long()),
        measures=measures,
        average=output_averaging.labels,
        columns=partial(prediction_columns.labels, task, info),
        distance=distillation.labels,
    )


def _partial_measure(name: str, labels: int) -> Measure:
    """The metric of rows that have some of their labels only; those that are absent stand as -1 in the target."""
    from mtl_core.tasks.partial_labels import of_each_value

    if name in ("auroc", "map"):
        return of_each_value(partial(_measure, name, 1), labels)
    return _measure(name, labels, ABSENT)


def _measure(name: str, labels: int, absent: int | None = None) -> Measure:  # noqa: PLR0911 - an arm per metric
    from torchmetrics.classification import (
        MultilabelAccuracy,
        MultilabelExactMatch,
        MultilabelF1Score,
        MultilabelPrecision,
        MultilabelRecall,
    )

    from mtl_core.tasks.additional_metrics import Whole, counts_any, label_auroc, label_precision

    given: dict[str, Any] = {"validate_args": False, "ignore_index": absent}
    match name:
        case "f1":
            return Measure(MultilabelF1Score(labels, average="macro", **given), counts_any("tp", "fp", "fn"))
        case "f1_micro":
            return Measure(MultilabelF1Score(labels, average="micro", **given), counts_any("tp", "fp", "fn"))
        case "accuracy":
            return Measure(MultilabelAccuracy(labels, average="macro", **given))
        case "exact_match":
            return Measure(MultilabelExactMatch(labels, **given))
        case "precision":
            return Measure(MultilabelPrecision(labels, average="macro", **given), counts_any("tp", "fp"))
        case "recall":
            return Measure(MultilabelRecall(labels, average="macro", **given), counts_any("tp", "fn"))
        case "auroc":
            return Measure(Whole(label_auroc))
        case "map":
            return Measure(Whole(label_precision))
    raise ValueError(f"no such metric of a multilabel task: {name}")


KIND = TaskKind(read=_read_labels, info=_info, tensor=number_tensor, build=build_multilabel)
