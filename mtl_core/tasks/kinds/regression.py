"""Regression: one or several numbers per row."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import RegressionTask, TargetInfo
from mtl_core.tabular.column import Rows
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.standardization import inverse_standardization, standardization
from mtl_core.tasks.targets.labels import Labels
from mtl_core.tasks.targets.numbers import moments, number_info, number_tensor, read_numbers, training_values
from mtl_core.tasks.targets.transforms import fit_target_transform, transform_values
from mtl_core.tasks.task_head import Loss, TaskHead, directions, labeled_count, masked_value_mean
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import TaskMetric

if TYPE_CHECKING:
    from torchmetrics import Metric

_PLAIN_LOSSES: dict[str, Callable[..., Tensor]] = {"mse": F.mse_loss, "mae": F.l1_loss, "huber": F.huber_loss}


def _info(labels: Labels, train: Rows) -> TargetInfo:
    task = cast(RegressionTask, labels.task)
    values = training_values(labels, train)
    facts: dict[str, Any] = {"per_value": 2 if task.loss == "gaussian_nll" else 1}
    facts |= fit_target_transform(task.transform, values)
    if task.standardize:
        transformed = transform_values(number_info(labels, train, **facts), torch.from_numpy(values)).numpy()
        mean, std = moments(transformed, partial=labels.value_mask is not None)
        std = np.where(std > 1e-9 * np.maximum(np.abs(mean), 1e-30), std, 1.0)
        facts |= {"mean": tuple(mean.tolist()), "std": tuple(std.tolist())}
    return number_info(labels, train, **facts)


def build_regression(task: RegressionTask, info: TargetInfo) -> TaskHead:
    """Build the head of a regression task; metrics and predictions are in the target's units.

    With several values per row, each metric is the mean over the metrics of the values. If the variance is learned, the
    first half of the outputs are the means, which are the predictions, the other half the logarithms of the variances
    (in training units).
    """
    from mtl_core.tasks.partial_labels import mean_over_values

    width = info.width
    restore = inverse_standardization(info)

    def build_metrics() -> dict[str, TaskMetric]:
        if info.value_counts:
            return {name: mean_over_values(partial(_build_metric, name, 1), width) for name in task.metrics}
        return {name: _build_metric(name, width) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=_loss(task, width),
        predict=lambda output: restore(output[:, :width]),
        directions=directions(task),
        metric_inputs=lambda prediction, target: (restore(prediction[:, :width]), restore(target)),
        build_metrics=build_metrics,
        average=_average(task, info),
        columns=partial(prediction_columns.numbers, task, info),
        distance=distillation.squared_error,
    )


def _average(task: RegressionTask, info: TargetInfo) -> output_averaging.Average:
    """Average the values in the target's unit; normal distributions, in training units."""
    if task.loss == "gaussian_nll":
        return partial(output_averaging.gaussians, info.width)
    if info.transform == "none":
        return output_averaging.mean_outputs
    restore, standardize = inverse_standardization(info), standardization(info)
    return lambda outputs: standardize(restore(outputs).mean(dim=0)).to(outputs.dtype)


def _loss(task: RegressionTask, width: int) -> Loss:
    match task.loss:
        case "huber":
            return _plain_loss(partial(F.huber_loss, delta=task.delta), width)
        case "quantile":
            return masked_value_mean(partial(pinball, quantile=task.quantile))
        case "gaussian_nll":
            return masked_value_mean(_gaussian_nll)
    return _plain_loss(_PLAIN_LOSSES[task.loss], width)


def pinball(prediction: Tensor, target: Tensor, quantile: float) -> Tensor:
    """[N, W] quantile error (Koenker & Bassett 1978) of the values."""
    error = target - prediction
    return torch.maximum(quantile * error, (quantile - 1) * error)


def _gaussian_nll(prediction: Tensor, target: Tensor) -> Tensor:
    """[N, W] negative log-likelihood of the values, without the constant (Nix & Weigend 1994)."""
    width = target.shape[1]
    mean, log_variance = prediction[:, :width], prediction[:, width:]
    return F.gaussian_nll_loss(mean, target, log_variance.exp(), reduction="none")


def _plain_loss(function: Callable[..., Tensor], width: int) -> Loss:
    """Return a loss of ``torch.nn.functional`` that leaves out missing values."""

    def loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return function(prediction, target)
        # A missing target is replaced by the prediction: error and gradient are exactly 0, even where it is NaN.
        value_mask, values = (mask, 1) if mask.dim() == 2 else (mask.unsqueeze(1), width)
        target = torch.where(value_mask, target, prediction.detach())
        return function(prediction, target, reduction="sum") / (labeled_count(mask) * values)

    return loss


def _build_metric(name: str, width: int) -> TaskMetric:  # noqa: PLR0911 - an arm per metric
    from torchmetrics.regression import MeanAbsoluteError, MeanSquaredError

    from mtl_core.tasks.additional_metrics import (
        DatasetMetric,
        RowMean,
        explained_variance,
        mape,
        pearson,
        r2,
        spearman,
    )

    match name:
        case "rmse":
            return TaskMetric(in_float64(MeanSquaredError(squared=False, num_outputs=width)))
        case "mae":
            return TaskMetric(in_float64(MeanAbsoluteError(num_outputs=width)))
        case "r2":
            return TaskMetric(DatasetMetric(r2))
        case "mape":
            return TaskMetric(RowMean(mape))
        case "explained_variance":
            return TaskMetric(DatasetMetric(explained_variance))
        case "pearson":
            return TaskMetric(DatasetMetric(pearson))
        case "spearman":
            return TaskMetric(DatasetMetric(spearman))
    raise ValueError(f"no such metric of a regression: {name}")


def in_float64(metric: "Metric") -> "Metric":
    """Return the metric with float64 accumulators."""
    return metric.set_dtype(torch.float64)


KIND = TaskKind(read_labels=read_numbers, target_info=_info, target_tensor=number_tensor, build_head=build_regression)
