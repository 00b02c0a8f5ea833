"""Distribution targets: one logit a class, learned from probabilities."""

from dataclasses import replace
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import DistributionTask, TargetInfo
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.base import Loss, RowLoss, TaskHead, directions, mean_of
from mtl_core.tasks.kind import TaskKind
from mtl_core.tasks.metrics import Measure
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.targets.numbers import number_info, number_labels, number_tensor, numbers_of, refuse_rows


def _read_labels(task: DistributionTask, source: TargetSource, at: str) -> Labels:
    columns = source.columns_of(task, at)
    labels = number_labels(task, columns, at)
    numbers, there = numbers_of(labels), labels.there
    bad = there & ((numbers < 0).any(1) | (numbers.sum(1) <= 0))
    refuse_rows(bad, numbers, f"{at}.target", "probabilities are at least 0, and not all of them 0")
    total = np.where(there, numbers.sum(1), 1)
    names = tuple(column.name for column in columns)
    return replace(labels, numbers=numbers / total[:, None], classes=names)


def build_distribution(task: DistributionTask, info: TargetInfo) -> TaskHead:
    """The runtime of a task with soft labels; the two losses differ by the targets' own entropy."""
    from mtl_core.tasks.additional_metrics import RowMean

    def measures() -> dict[str, Measure]:
        return {name: Measure(RowMean(_MEASURES[name])) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=_cross_entropy if task.loss == "cross_entropy" else mean_of(_kl_of_logits),
        predict=lambda output: torch.softmax(output, dim=1),
        directions=directions(task),
        read=lambda prediction, target: (torch.log_softmax(prediction.double(), dim=1), target.double()),
        measures=measures,
        average=output_averaging.classes,
        columns=partial(prediction_columns.distribution, task, info),
        distance=distillation.classes,
    )


def _cross_entropy(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    if mask is None:
        return F.cross_entropy(prediction, target)
    return _masked(prediction, target, mask)


_masked: Loss = mean_of(lambda prediction, target: F.cross_entropy(prediction, target, reduction="none"))


def _kl_of_logits(prediction: Tensor, target: Tensor) -> Tensor:
    return _kl(torch.log_softmax(prediction, dim=1), target)


def _kl(log_probabilities: Tensor, target: Tensor) -> Tensor:
    """[N] the divergence of the prediction from the target, in nats."""
    return (torch.xlogy(target, target) - target * log_probabilities).sum(1)


_MEASURES: dict[str, RowLoss] = {
    "kl": _kl,
    "total_variation": lambda p, q: (p.exp() - q).abs().sum(1) / 2,
    "accuracy": lambda p, q: (p.argmax(1) == q.argmax(1)).double(),
    "mae": lambda p, q: (p.exp() - q).abs().mean(1),
}


KIND = TaskKind(read=_read_labels, info=number_info, tensor=number_tensor, build=build_distribution)
