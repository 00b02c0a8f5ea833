"""Multiclass classification: one logit a class."""

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassF1Score,
    MulticlassPrecision,
    MulticlassRecall,
)

from mtl_core.spec import InputError, MulticlassTask, TargetInfo
from mtl_core.tasks.base import Loss, TaskHead, directions, labelled_count
from mtl_core.tasks.metrics import Measure

_IGNORE = -100


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
        loss=_cross_entropy(task.label_smoothing),
        predict=lambda output: torch.softmax(output, dim=1),
        directions=directions(measures()),
        read=lambda prediction, target: (prediction.argmax(dim=1), target),
        measures=measures,
    )


def _cross_entropy(smoothing: float) -> Loss:
    def loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return F.cross_entropy(prediction, target, label_smoothing=smoothing)
        target = torch.where(mask, target, _IGNORE)
        total = F.cross_entropy(prediction, target, ignore_index=_IGNORE, reduction="sum", label_smoothing=smoothing)
        return total / labelled_count(mask)

    return loss


def _measure(name: str, classes: int) -> Measure:
    match name:
        case "accuracy":
            return Measure(MulticlassAccuracy(classes, average="micro", validate_args=False))
        case "f1":
            return Measure(MulticlassF1Score(classes, average="macro", validate_args=False))
        case "precision":
            return Measure(MulticlassPrecision(classes, average="macro", validate_args=False))
        case "recall":
            return Measure(MulticlassRecall(classes, average="macro", validate_args=False))
    raise ValueError(f"no such metric of a multiclass task: {name}")
