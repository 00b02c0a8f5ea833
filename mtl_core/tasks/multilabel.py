"""Multilabel classification: one logit a label, each label for itself."""

from functools import partial

import torch
from torchmetrics.classification import (
    MultilabelAccuracy,
    MultilabelExactMatch,
    MultilabelF1Score,
    MultilabelPrecision,
    MultilabelRecall,
)

from mtl_core.spec import MultilabelTask, TargetInfo
from mtl_core.tasks import averaging, distillation, table
from mtl_core.tasks.base import TaskHead, directions, mean_of
from mtl_core.tasks.losses import binary_rows, positive_weights
from mtl_core.tasks.measures import Whole, counts_any, label_auroc, label_precision
from mtl_core.tasks.metrics import Measure


def build_multilabel(task: MultilabelTask, info: TargetInfo) -> TaskHead:
    """The runtime of a multilabel task: the mean loss of the labels; metrics are means over the labels (macro).

    ``predict`` gives each label's own probability; they do not sum to 1.
    """
    labels = len(info.classes)
    positives = torch.tensor(info.counts or (0,) * labels, dtype=torch.float32)
    positive = positive_weights(task.positive_weight, positives, info.labelled)
    gamma = task.gamma if task.loss == "focal" else None

    def measures() -> dict[str, Measure]:
        return {name: _measure(name, labels) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=mean_of(partial(binary_rows, positive=positive, gamma=gamma)),
        predict=torch.sigmoid,
        directions=directions(task),
        read=lambda prediction, target: (torch.sigmoid(prediction.double()), target.long()),
        measures=measures,
        average=averaging.labels,
        columns=partial(table.labels, task, info),
        distance=distillation.labels,
    )


_F1 = counts_any("tp", "fp", "fn")


def _measure(name: str, labels: int) -> Measure:  # noqa: PLR0911 - an arm per metric
    match name:
        case "f1":
            return Measure(MultilabelF1Score(labels, average="macro", validate_args=False), _F1)
        case "f1_micro":
            return Measure(MultilabelF1Score(labels, average="micro", validate_args=False), _F1)
        case "accuracy":
            return Measure(MultilabelAccuracy(labels, average="macro", validate_args=False))
        case "exact_match":
            return Measure(MultilabelExactMatch(labels, validate_args=False))
        case "precision":
            return Measure(MultilabelPrecision(labels, average="macro", validate_args=False), counts_any("tp", "fp"))
        case "recall":
            return Measure(MultilabelRecall(labels, average="macro", validate_args=False), counts_any("tp", "fn"))
        case "auroc":
            return Measure(Whole(label_auroc))
        case "map":
            return Measure(Whole(label_precision))
    raise ValueError(f"no such metric of a multilabel task: {name}")
