"""Multilabel classification: one logit a label, each label for itself."""

from functools import partial
from typing import Any

import torch
from torchmetrics.classification import (
    MultilabelAccuracy,
    MultilabelExactMatch,
    MultilabelF1Score,
    MultilabelPrecision,
    MultilabelRecall,
)

from mtl_core.spec import MultilabelTask, TargetInfo
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.additional_metrics import Whole, counts_any, label_auroc, label_precision
from mtl_core.tasks.base import TaskHead, directions, mean_of_values
from mtl_core.tasks.losses import binary_values, positive_weights
from mtl_core.tasks.metrics import ABSENT, Measure
from mtl_core.tasks.partial_labels import of_each_value


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


_F1 = counts_any("tp", "fp", "fn")


def _partial_measure(name: str, labels: int) -> Measure:
    """The metric of rows that have some of their labels only; those that are absent stand as -1 in the target."""
    if name in ("auroc", "map"):
        return of_each_value(partial(_measure, name, 1), labels)
    return _measure(name, labels, ABSENT)


def _measure(name: str, labels: int, absent: int | None = None) -> Measure:  # noqa: PLR0911 - an arm per metric
    given: dict[str, Any] = {"validate_args": False, "ignore_index": absent}
    match name:
        case "f1":
            return Measure(MultilabelF1Score(labels, average="macro", **given), _F1)
        case "f1_micro":
            return Measure(MultilabelF1Score(labels, average="micro", **given), _F1)
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
