"""Multiclass classification: one logit a class."""

from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import InputError, MulticlassTask, TargetInfo
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.base import Loss, TaskHead, directions, labelled_count, mean_of
from mtl_core.tasks.kind import TaskKind
from mtl_core.tasks.losses import class_rows, class_weights
from mtl_core.tasks.metrics import Measure
from mtl_core.tasks.targets.classes import check_class_weights, class_info, class_labels, class_tensor
from mtl_core.tasks.targets.labels import Labels, TargetSource

_IGNORE = -100


def _read_labels(task: MulticlassTask, source: TargetSource, at: str) -> Labels:
    (column,) = source.columns_of(task, at)
    return check_class_weights(class_labels(task, column, at), at)


def build_multiclass(task: MulticlassTask, info: TargetInfo) -> TaskHead:
    """The runtime of a multiclass task; F1, precision and recall are means over the classes (macro).

    Raises:
        InputError: The target has fewer than two classes.
    """
    classes = len(info.classes)
    if classes < 2:
        raise InputError(f"task {task.name}", "needs a target with at least two classes", found=info.classes or "none")

    def measures() -> dict[str, Measure]:
        return {name: _measure(name, classes) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=classes,
        loss=_loss(task, info),
        predict=lambda output: torch.softmax(output, dim=1),
        directions=directions(task),
        read=lambda prediction, target: (torch.softmax(prediction.double(), dim=1), target),
        measures=measures,
        average=output_averaging.classes,
        columns=partial(prediction_columns.classes, task, info),
        distance=distillation.classes,
    )


def _loss(task: MulticlassTask, info: TargetInfo) -> Loss:
    weights = class_weights(task.class_weights, info)
    if task.loss == "cross_entropy" and weights is None:
        return _cross_entropy(task.label_smoothing)
    gamma = task.gamma if task.loss == "focal" else None
    return mean_of(partial(class_rows, weights=weights, gamma=gamma, smoothing=task.label_smoothing))


def _cross_entropy(smoothing: float) -> Loss:
    def loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return F.cross_entropy(prediction, target, label_smoothing=smoothing)
        target = torch.where(mask, target, _IGNORE)
        total = F.cross_entropy(prediction, target, ignore_index=_IGNORE, reduction="sum", label_smoothing=smoothing)
        return total / labelled_count(mask)

    return loss


def _measure(name: str, classes: int) -> Measure:  # noqa: PLR0911 - an arm per metric
    from torchmetrics.classification import (
        MulticlassAccuracy,
        MulticlassCalibrationError,
        MulticlassCohenKappa,
        MulticlassF1Score,
        MulticlassMatthewsCorrCoef,
        MulticlassPrecision,
        MulticlassRecall,
    )

    from mtl_core.tasks.additional_metrics import (
        MulticlassBalancedAccuracy,
        RowMean,
        Whole,
        both_vary,
        brier,
        class_auroc,
        log_loss,
    )

    match name:
        case "accuracy":
            return Measure(MulticlassAccuracy(classes, average="micro", validate_args=False))
        case "balanced_accuracy":
            return Measure(MulticlassBalancedAccuracy(classes, validate_args=False))
        case "top3_accuracy":
            return Measure(MulticlassAccuracy(classes, top_k=min(3, classes), average="micro", validate_args=False))
        case "f1":
            return Measure(MulticlassF1Score(classes, average="macro", validate_args=False))
        case "precision":
            return Measure(MulticlassPrecision(classes, average="macro", validate_args=False))
        case "recall":
            return Measure(MulticlassRecall(classes, average="macro", validate_args=False))
        case "auroc":
            return Measure(Whole(class_auroc))
        case "mcc":
            return Measure(MulticlassMatthewsCorrCoef(classes, validate_args=False), both_vary)
        case "kappa":
            return Measure(MulticlassCohenKappa(classes, validate_args=False))
        case "log_loss":
            return Measure(RowMean(log_loss))
        case "brier":
            return Measure(RowMean(brier))
        case "calibration_error":
            return Measure(MulticlassCalibrationError(classes, validate_args=False))
    raise ValueError(f"no such metric of a multiclass task: {name}")


KIND = TaskKind(read=_read_labels, info=class_info, tensor=class_tensor, build=build_multiclass)
