"""Multilabel classification: one logit per label, each label independent of the others."""

from functools import partial
from typing import Any

import numpy as np
import torch

from mtl_core.spec import InputError, MultilabelTask, TargetInfo, shorten
from mtl_core.spec.tasks import MAX_CLASSES
from mtl_core.tabular.column import Column, Rows
from mtl_core.tabular.values.numerals import Floats
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.losses import binary_cross_entropy_values, positive_weights
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.targets.numbers import labels_from_numbers, number_info, number_tensor, training_values
from mtl_core.tasks.task_head import TaskHead, directions, masked_value_mean
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import ABSENT, TaskMetric


def _read_labels(task: MultilabelTask, source: TargetSource, at: str) -> Labels:
    columns, where = source.columns_of(task, at), f"{at}.target"
    if len(columns) == 1 and columns[0].type == "categorical":
        return _split_labels(task, columns[0], where)
    numbers = np.column_stack([_binary_labels(column, where) for column in columns])
    return labels_from_numbers(task, numbers, tuple(column.name for column in columns))


def _binary_labels(column: Column, where: str) -> Floats:
    """Return a column of two values as 0 and 1; the later value in order is 1."""
    if not set(column.values) <= {"0", "1"} and column.unique_count != 2:
        summary = f"{column.unique_count} in column {column.name!r}: " + ", ".join(column.values[:6])
        raise InputError(where, "a label's column needs exactly two values, such as 0 and 1", found=shorten(summary))
    constant = 1.0 if column.values == ("1",) else 0.0
    values = column.codes.astype(np.float64) if column.unique_count == 2 else np.full(len(column.codes), constant)
    return np.where(column.codes < 0, np.nan, values)


def _split_labels(task: MultilabelTask, column: Column, where: str) -> Labels:
    """Return the labels in one column of texts such as ``red|round``; an empty cell is a missing label."""
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
    """Build the head of a multilabel task: the mean loss over labels; metrics are means over the labels (macro).

    ``predict`` returns the probability of each label; they do not sum to 1.
    """
    labels = len(info.classes)
    positives = torch.tensor(info.counts or (0,) * labels, dtype=torch.float32)
    labeled = torch.tensor(info.value_counts, dtype=torch.float32) if info.value_counts else info.labelled
    positive = positive_weights(task.positive_weight, positives, labeled)
    gamma = task.gamma if task.loss == "focal" else None

    def build_metrics() -> dict[str, TaskMetric]:
        if info.value_counts:
            return {name: _partial_metric(name, labels) for name in task.metrics}
        return {name: _build_metric(name, labels) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=masked_value_mean(partial(binary_cross_entropy_values, positive=positive, gamma=gamma)),
        predict=torch.sigmoid,
        directions=directions(task),
        metric_inputs=lambda prediction, target: (torch.sigmoid(prediction.double()), target.long()),
        build_metrics=build_metrics,
        average=output_averaging.label_logits,
        columns=partial(prediction_columns.labels, task, info),
        distance=distillation.label_divergence,
    )


def _partial_metric(name: str, labels: int) -> TaskMetric:
    """Build a metric for rows that may lack some of their labels, which are -1 in the target."""
    from mtl_core.tasks.partial_labels import mean_over_values

    if name in ("auroc", "map"):
        return mean_over_values(partial(_build_metric, name, 1), labels)
    return _build_metric(name, labels, ABSENT)


def _build_metric(name: str, labels: int, absent: int | None = None) -> TaskMetric:  # noqa: PLR0911 - an arm per metric
    from torchmetrics.classification import (
        MultilabelAccuracy,
        MultilabelExactMatch,
        MultilabelF1Score,
        MultilabelPrecision,
        MultilabelRecall,
    )

    from mtl_core.tasks.additional_metrics import DatasetMetric, has_positive_count, label_auroc, label_precision

    options: dict[str, Any] = {"validate_args": False, "ignore_index": absent}
    match name:
        case "f1":
            return TaskMetric(
                MultilabelF1Score(labels, average="macro", **options), has_positive_count("tp", "fp", "fn")
            )
        case "f1_micro":
            return TaskMetric(
                MultilabelF1Score(labels, average="micro", **options), has_positive_count("tp", "fp", "fn")
            )
        case "accuracy":
            return TaskMetric(MultilabelAccuracy(labels, average="macro", **options))
        case "exact_match":
            return TaskMetric(MultilabelExactMatch(labels, **options))
        case "precision":
            return TaskMetric(MultilabelPrecision(labels, average="macro", **options), has_positive_count("tp", "fp"))
        case "recall":
            return TaskMetric(MultilabelRecall(labels, average="macro", **options), has_positive_count("tp", "fn"))
        case "auroc":
            return TaskMetric(DatasetMetric(label_auroc))
        case "map":
            return TaskMetric(DatasetMetric(label_precision))
    raise ValueError(f"no such metric of a multilabel task: {name}")


KIND = TaskKind(read_labels=_read_labels, target_info=_info, target_tensor=number_tensor, build_head=build_multilabel)
