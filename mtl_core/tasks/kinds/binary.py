"""Binary classification: one logit a row, positive above 0."""

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
from mtl_core.tasks.base import Loss, TaskHead, directions, labelled_count, mean_of
from mtl_core.tasks.kind import TaskKind
from mtl_core.tasks.losses import binary_rows, positive_weights
from mtl_core.tasks.metrics import Measure
from mtl_core.tasks.targets.classes import class_info, class_tensor, remedy_of, values_of
from mtl_core.tasks.targets.labels import Labels, TargetSource

if TYPE_CHECKING:
    from torchmetrics import Metric


def _read_labels(task: BinaryTask, source: TargetSource, at: str) -> Labels:
    (column,) = source.columns_of(task, at)
    count = column.unique_count
    if count not in (0, 2):
        fix = "Make it a multiclass task." if 2 < count <= MAX_CLASSES else remedy_of(column)
        rule = "a binary task needs exactly two values"
        raise InputError(f"{at}.target", rule, found=values_of(column), fix=fix)
    return _with_positive(task, column, at)


def _with_positive(task: BinaryTask, column: Column, at: str) -> Labels:
    values, codes = column.values, column.codes
    if task.positive is not None and values:
        positive = _place(task.positive, values)
        if positive is None:
            rule = "must be one of the target's two values, " + " and ".join(map(repr, values))
            raise InputError(f"{at}.positive", rule, found=repr(task.positive))
        if positive == 0:
            values, codes = values[::-1], np.where(codes < 0, codes, 1 - codes)
    return Labels(task, column.present, codes=codes, classes=values)


def _place(wanted: str, values: tuple[str, ...]) -> int | None:
    wanted = wanted.strip()
    if wanted in values:
        return values.index(wanted)
    as_number = parse_number(wanted)  # "1.0" stands for 1
    return next((i for i, v in enumerate(values) if as_number is not None and parse_number(v) == as_number), None)


def _tensor(labels: Labels, info: TargetInfo, rows: Rows) -> Tensor:
    """``[N, 1]``, 1 where positive."""
    return class_tensor(labels, info, rows).to(torch.float32).unsqueeze(1)


def build_binary(task: BinaryTask, info: TargetInfo) -> TaskHead:
    """The runtime of a binary task; precision, recall and F1 are of the positive class."""

    def measures() -> dict[str, Measure]:
        return {name: _measure(name) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=_loss(task, info),
        predict=_predict,
        directions=directions(task),
        read=_read,
        measures=measures,
        average=output_averaging.labels,
        columns=partial(prediction_columns.classes, task, info),
        distance=distillation.labels,
    )


def _loss(task: BinaryTask, info: TargetInfo) -> Loss:
    if task.loss == "bce" and task.positive_weight == 1 and not task.label_smoothing:
        return _plain
    positives = torch.tensor([float(info.counts[1])]) if info.counts else torch.zeros(1)
    return mean_of(
        partial(
            binary_rows,
            positive=positive_weights(task.positive_weight, positives, info.labelled),
            gamma=task.gamma if task.loss == "focal" else None,
            smoothing=task.label_smoothing,
        )
    )


def _plain(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    if mask is None:
        return F.binary_cross_entropy_with_logits(prediction, target)
    rows = mask.unsqueeze(1)
    target = torch.where(rows, target, 0.0)  # NaN × 0 would stay NaN
    total = F.binary_cross_entropy_with_logits(prediction, target, weight=rows.to(prediction.dtype), reduction="sum")
    return total / labelled_count(mask)


def _predict(output: Tensor) -> Tensor:
    positive = torch.sigmoid(output)
    return torch.cat([torch.sigmoid(-output), positive], dim=1)


def _read(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    # float64, since float32 rounds every logit above 17 to probability 1 and AUROC would see ties.
    return torch.sigmoid(prediction.double()).squeeze(1), target.squeeze(1).long()


def _measure(name: str) -> Measure:  # noqa: PLR0911 - an arm per metric
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

    from mtl_core.tasks.additional_metrics import BinaryBalancedAccuracy, RowMean, both_vary, counts_any, log_loss

    match name:
        case "accuracy":
            return Measure(BinaryAccuracy(validate_args=False))
        case "balanced_accuracy":
            return Measure(BinaryBalancedAccuracy(validate_args=False))
        case "f1":
            return Measure(BinaryF1Score(validate_args=False), counts_any("tp", "fp", "fn"))
        case "precision":
            return Measure(BinaryPrecision(validate_args=False), counts_any("tp", "fp"))
        case "recall":
            return Measure(BinaryRecall(validate_args=False), counts_any("tp", "fn"))
        case "specificity":
            return Measure(BinarySpecificity(validate_args=False), counts_any("tn", "fp"))
        case "auroc":
            return Measure(BinaryAUROC(validate_args=False), _has_both_classes)
        case "average_precision":
            return Measure(BinaryAveragePrecision(validate_args=False), _has_both_classes)
        case "mcc":
            return Measure(BinaryMatthewsCorrCoef(validate_args=False), both_vary)
        case "log_loss":
            return Measure(RowMean(lambda p, y: log_loss(torch.stack([1 - p, p], dim=1), y)))
        case "brier":
            return Measure(RowMean(lambda p, y: (p - y).square()))
        case "calibration_error":
            return Measure(BinaryCalibrationError(validate_args=False))
    raise ValueError(f"no such metric of a binary task: {name}")


def _has_both_classes(metric: "Metric") -> bool:
    from torchmetrics.utilities import dim_zero_cat

    target = dim_zero_cat(metric.target)  # type: ignore[arg-type]
    return bool(target.min() != target.max())


KIND = TaskKind(read=_read_labels, info=class_info, tensor=_tensor, build=build_binary)
