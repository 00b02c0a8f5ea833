"""Multiclass classification: one logit per class."""

from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import InputError, MulticlassTask, TargetInfo
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.class_metrics import build_class_metric
from mtl_core.tasks.losses import class_weights, cross_entropy_rows
from mtl_core.tasks.targets.classes import check_class_weights, class_info, class_labels, class_tensor
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.task_head import Loss, TaskHead, directions, labeled_count, masked_mean
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import TaskMetric

_IGNORE_INDEX = -100


def _read_labels(task: MulticlassTask, source: TargetSource, at: str) -> Labels:
    (column,) = source.columns_of(task, at)
    return check_class_weights(class_labels(task, column, at), at)


def build_multiclass(task: MulticlassTask, info: TargetInfo) -> TaskHead:
    """Build the head of a multiclass task; F1, precision and recall are means over the classes (macro).

    Raises:
        InputError: The target has fewer than two classes.
    """
    classes = len(info.classes)
    if classes < 2:
        raise InputError(f"task {task.name}", "needs a target with at least two classes", found=info.classes or "none")

    def build_metrics() -> dict[str, TaskMetric]:
        return {name: build_class_metric(name, classes) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=classes,
        loss=_loss(task, info),
        predict=lambda output: torch.softmax(output, dim=1),
        directions=directions(task),
        metric_inputs=lambda prediction, target: (torch.softmax(prediction.double(), dim=1), target),
        build_metrics=build_metrics,
        average=output_averaging.class_logits,
        columns=partial(prediction_columns.classes, task, info),
        distance=distillation.class_divergence,
    )


def _loss(task: MulticlassTask, info: TargetInfo) -> Loss:
    weights = class_weights(task.class_weights, info)
    if task.loss == "cross_entropy" and weights is None:
        return _cross_entropy(task.label_smoothing)
    gamma = task.gamma if task.loss == "focal" else None
    return masked_mean(partial(cross_entropy_rows, weights=weights, gamma=gamma, smoothing=task.label_smoothing))


def _cross_entropy(smoothing: float) -> Loss:
    def loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return F.cross_entropy(prediction, target, label_smoothing=smoothing)
        target = torch.where(mask, target, _IGNORE_INDEX)
        total = F.cross_entropy(
            prediction, target, ignore_index=_IGNORE_INDEX, reduction="sum", label_smoothing=smoothing
        )
        return total / labeled_count(mask)

    return loss


KIND = TaskKind(
    read_labels=_read_labels, target_info=class_info, target_tensor=class_tensor, build_head=build_multiclass
)
