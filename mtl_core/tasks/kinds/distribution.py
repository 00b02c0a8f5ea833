"""Distribution targets: one logit per class, learned from probabilities."""

from dataclasses import replace
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import DistributionTask, TargetInfo
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.targets.numbers import labels_from_columns, number_info, number_matrix, number_tensor, reject_rows
from mtl_core.tasks.task_head import Loss, RowLoss, TaskHead, directions, masked_mean
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import TaskMetric


def _read_labels(task: DistributionTask, source: TargetSource, at: str) -> Labels:
    columns = source.columns_of(task, at)
    labels = labels_from_columns(task, columns, at)
    numbers = number_matrix(labels)
    invalid = labels.labeled & ((numbers < 0).any(1) | (numbers.sum(1) <= 0))
    reject_rows(invalid, numbers, f"{at}.target", "probabilities are at least 0, and not all of them 0")
    total = np.where(labels.labeled, numbers.sum(1), 1)
    names = tuple(column.name for column in columns)
    return replace(labels, numbers=numbers / total[:, None], classes=names)


def build_distribution(task: DistributionTask, info: TargetInfo) -> TaskHead:
    """Build the head of a task with soft labels; its two losses differ by the entropy of the targets."""
    from mtl_core.tasks.additional_metrics import RowMean

    def build_metrics() -> dict[str, TaskMetric]:
        return {name: TaskMetric(RowMean(_metric_function(name))) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=_cross_entropy if task.loss == "cross_entropy" else masked_mean(_kl_of_logits),
        predict=lambda output: torch.softmax(output, dim=1),
        directions=directions(task),
        metric_inputs=lambda prediction, target: (torch.log_softmax(prediction.double(), dim=1), target.double()),
        build_metrics=build_metrics,
        average=output_averaging.class_logits,
        columns=partial(prediction_columns.distribution, task, info),
        distance=distillation.class_divergence,
    )


def _cross_entropy(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    if mask is None:
        return F.cross_entropy(prediction, target)
    return _masked_cross_entropy(prediction, target, mask)


_masked_cross_entropy: Loss = masked_mean(
    lambda prediction, target: F.cross_entropy(prediction, target, reduction="none")
)


def _kl_of_logits(prediction: Tensor, target: Tensor) -> Tensor:
    return _kl(torch.log_softmax(prediction, dim=1), target)


def _kl(log_probabilities: Tensor, target: Tensor) -> Tensor:
    """[N] KL divergence of the prediction from the target, in nats."""
    return (torch.xlogy(target, target) - target * log_probabilities).sum(1)


def _metric_function(name: str) -> RowLoss:
    """From logarithms of predicted probabilities and targets to the value of each row."""
    match name:
        case "kl":
            return _kl
        case "total_variation":
            return lambda p, q: (p.exp() - q).abs().sum(1) / 2
        case "accuracy":
            return lambda p, q: (p.argmax(1) == q.argmax(1)).double()
        case "mae":
            return lambda p, q: (p.exp() - q).abs().mean(1)
    raise ValueError(f"no such metric of a distribution: {name}")


KIND = TaskKind(
    read_labels=_read_labels, target_info=number_info, target_tensor=number_tensor, build_head=build_distribution
)
