"""Binary classification: one logit per row, positive above 0."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import BinaryTask, InputError, TargetInfo
from mtl_core.spec.tasks import MAX_CLASSES
from mtl_core.tabular.column import Column, Rows, parse_number
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.losses import binary_cross_entropy_rows, positive_weights
from mtl_core.tasks.targets.classes import class_count_fix, class_info, class_tensor, describe_values
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.task_head import Loss, TaskHead, directions, labeled_count, masked_mean
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import TaskMetric

if TYPE_CHECKING:
    from torchmetrics import Metric


def _read_labels(task: BinaryTask, source: TargetSource, at: str) -> Labels:
    (column,) = source.columns_of(task, at)
    count = column.unique_count
    if count not in (0, 2):
        fix = "Make it a multiclass task." if 2 < count <= MAX_CLASSES else class_count_fix(column)
        rule = "a binary task needs exactly two values"
        raise InputError(f"{at}.target", rule, found=describe_values(column), fix=fix)
    return _order_classes(task, column, at)


def _order_classes(task: BinaryTask, column: Column, at: str) -> Labels:
    """Return the labels with the positive value as class 1."""
    values, codes = column.values, column.codes
    if task.positive is not None and values:
        positive = _index_of(task.positive, values)
        if positive is None:
            rule = "must be one of the target's two values, " + " and ".join(map(repr, values))
            raise InputError(f"{at}.positive", rule, found=repr(task.positive))
        if positive == 0:
            values, codes = values[::-1], np.where(codes < 0, codes, 1 - codes)
    return Labels(task, column.present, codes=codes, classes=values)


def _index_of(text: str, values: tuple[str, ...]) -> int | None:
    """The index of a value that equals a text, as text or as number."""
    text = text.strip()
    if text in values:
        return values.index(text)
    as_number = parse_number(text)  # "1.0" stands for 1
    return next((i for i, v in enumerate(values) if as_number is not None and parse_number(v) == as_number), None)


def _tensor(labels: Labels, info: TargetInfo, rows: Rows) -> Tensor:
    """``[N, 1]``, 1 where positive."""
    return class_tensor(labels, info, rows).to(torch.float32).unsqueeze(1)


def build_binary(task: BinaryTask, info: TargetInfo) -> TaskHead:
    """Build the head of a binary task; precision, recall and F1 are those of the positive class."""

    def build_metrics() -> dict[str, TaskMetric]:
        return {name: _build_metric(name) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=_loss(task, info),
        predict=_predict,
        directions=directions(task),
        metric_inputs=_metric_inputs,
        build_metrics=build_metrics,
        average=output_averaging.label_logits,
        columns=partial(prediction_columns.classes, task, info),
        distance=distillation.label_divergence,
    )


def _loss(task: BinaryTask, info: TargetInfo) -> Loss:
    if task.loss == "bce" and task.positive_weight == 1 and not task.label_smoothing:
        return _plain_loss
    positives = torch.tensor([float(info.counts[1])]) if info.counts else torch.zeros(1)
    return masked_mean(
        partial(
            binary_cross_entropy_rows,
            positive=positive_weights(task.positive_weight, positives, info.labelled),
            gamma=task.gamma if task.loss == "focal" else None,
            smoothing=task.label_smoothing,
        )
    )


def _plain_loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    if mask is None:
        return F.binary_cross_entropy_with_logits(prediction, target)
    rows = mask.unsqueeze(1)
    target = torch.where(rows, target, 0.0)  # NaN × 0 would stay NaN
    total = F.binary_cross_entropy_with_logits(prediction, target, weight=rows.to(prediction.dtype), reduction="sum")
    return total / labeled_count(mask)


def _predict(output: Tensor) -> Tensor:
    positive = torch.sigmoid(output)
    return torch.cat([torch.sigmoid(-output), positive], dim=1)


def _metric_inputs(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    # float64, since float32 rounds every logit above 17 to probability 1 and AUROC would see ties.
    return torch.sigmoid(prediction.double()).squeeze(1), target.squeeze(1).long()


def _build_metric(name: str) -> TaskMetric:  # noqa: PLR0911 - an arm per metric
    from torchmetrics.classification import (
        BinaryAccuracy,
        BinaryAUROC,
        BinaryAveragePrecision,
        BinaryCalibrationError,
        BinaryF1Score,
        BinaryMatthewsCorrCoef,
        BinaryPrecision,
        BinaryRecall,
        BinarySpecificity,
    )

    from mtl_core.tasks.additional_metrics import (
        BinaryBalancedAccuracy,
        RowMean,
        has_positive_count,
        labels_and_predictions_vary,
        log_loss,
    )

    match name:
        case "accuracy":
            return TaskMetric(BinaryAccuracy(validate_args=False))
        case "balanced_accuracy":
            return TaskMetric(BinaryBalancedAccuracy(validate_args=False))
        case "f1":
            return TaskMetric(BinaryF1Score(validate_args=False), has_positive_count("tp", "fp", "fn"))
        case "precision":
            return TaskMetric(BinaryPrecision(validate_args=False), has_positive_count("tp", "fp"))
        case "recall":
            return TaskMetric(BinaryRecall(validate_args=False), has_positive_count("tp", "fn"))
        case "specificity":
            return TaskMetric(BinarySpecificity(validate_args=False), has_positive_count("tn", "fp"))
        case "auroc":
            return TaskMetric(BinaryAUROC(validate_args=False), _has_both_classes)
        case "average_precision":
            return TaskMetric(BinaryAveragePrecision(validate_args=False), _has_both_classes)
        case "mcc":
            return TaskMetric(BinaryMatthewsCorrCoef(validate_args=False), labels_and_predictions_vary)
        case "log_loss":
            return TaskMetric(RowMean(lambda p, y: log_loss(torch.stack([1 - p, p], dim=1), y)))
        case "brier":
            return TaskMetric(RowMean(lambda p, y: (p - y).square()))
        case "calibration_error":
            return TaskMetric(BinaryCalibrationError(validate_args=False))
    raise ValueError(f"no such metric of a binary task: {name}")


def _has_both_classes(metric: "Metric") -> bool:
    from torchmetrics.utilities import dim_zero_cat

    target = dim_zero_cat(metric.target)  # type: ignore[arg-type]
    return bool(target.min() != target.max())


KIND = TaskKind(read_labels=_read_labels, target_info=class_info, target_tensor=_tensor, build_head=build_binary)
