"""Regression: one or several numbers a row."""

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
from mtl_core.tasks.base import Loss, TaskHead, directions, labelled_count, mean_of_values
from mtl_core.tasks.kind import TaskKind
from mtl_core.tasks.metrics import Measure
from mtl_core.tasks.targets.labels import Labels
from mtl_core.tasks.targets.numbers import moments, number_info, number_tensor, read_numbers, training_values
from mtl_core.tasks.units import restoring

if TYPE_CHECKING:
    from torchmetrics import Metric

_PLAIN: dict[str, Callable[..., Tensor]] = {"mse": F.mse_loss, "mae": F.l1_loss, "huber": F.huber_loss}


def _info(labels: Labels, train: Rows) -> TargetInfo:
    task = cast(RegressionTask, labels.task)
    facts: dict[str, Any] = {"per_value": 2 if task.loss == "gaussian_nll" else 1}
    if task.standardize:
        mean, std = moments(training_values(labels, train), partial=labels.parts is not None)
        std = np.where(std > 1e-9 * np.maximum(np.abs(mean), 1e-30), std, 1.0)
        facts |= {"mean": tuple(mean.tolist()), "std": tuple(std.tolist())}
    return number_info(labels, train, **facts)


def build_regression(task: RegressionTask, info: TargetInfo) -> TaskHead:
    """The runtime of a regression task; metrics and predictions are in the target's own units.

    With several values a row, each metric is the mean over the values' own metrics. Where the variance is learned, the
    first half of the outputs are the means, which are what is predicted, the other half the logarithms of the
    variances (in training units).
    """
    from mtl_core.tasks.partial_labels import of_each_value

    width = info.width
    restore = restoring(info)

    def measures() -> dict[str, Measure]:
        if info.value_counts:
            return {name: of_each_value(partial(_measure, name, 1), width) for name in task.metrics}
        return {name: _measure(name, width) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=_loss(task, width),
        predict=lambda output: restore(output[:, :width]),
        directions=directions(task),
        read=lambda prediction, target: (restore(prediction[:, :width]), restore(target)),
        measures=measures,
        average=partial(output_averaging.gaussians, width) if task.loss == "gaussian_nll" else output_averaging.values,
        columns=partial(prediction_columns.numbers, task, info),
        distance=distillation.values,
    )


def _loss(task: RegressionTask, width: int) -> Loss:
    match task.loss:
        case "huber":
            return _masked(partial(F.huber_loss, delta=task.delta), width)
        case "quantile":
            return mean_of_values(partial(pinball, quantile=task.quantile))
        case "gaussian_nll":
            return mean_of_values(_gaussian)
    return _masked(_PLAIN[task.loss], width)


def pinball(prediction: Tensor, target: Tensor, quantile: float) -> Tensor:
    """[N, W] quantile error (Koenker & Bassett 1978) of the values."""
    error = target - prediction
    return torch.maximum(quantile * error, (quantile - 1) * error)


def _gaussian(prediction: Tensor, target: Tensor) -> Tensor:
    """[N, W] negative log-likelihood of the values, without the constant (Nix & Weigend 1994)."""
    width = target.shape[1]
    mean, log_variance = prediction[:, :width], prediction[:, width:]
    return F.gaussian_nll_loss(mean, target, log_variance.exp(), reduction="none")


def _masked(function: Callable[..., Tensor], width: int) -> Loss:
    def loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return function(prediction, target)
        # What has no label is its own target: error and gradient are exactly 0, even where the target is NaN.
        known, values = (mask, 1) if mask.dim() == 2 else (mask.unsqueeze(1), width)
        target = torch.where(known, target, prediction.detach())
        return function(prediction, target, reduction="sum") / (labelled_count(mask) * values)

    return loss


def _measure(name: str, width: int) -> Measure:  # noqa: PLR0911 - an arm per metric
    from torchmetrics.regression import MeanAbsoluteError, MeanSquaredError

    from mtl_core.tasks.additional_metrics import RowMean, Whole, explained_variance, mape, pearson, r2, spearman

    match name:
        case "rmse":
            return Measure(in_float64(MeanSquaredError(squared=False, num_outputs=width)))
        case "mae":
            return Measure(in_float64(MeanAbsoluteError(num_outputs=width)))
        case "r2":
            return Measure(Whole(r2))
        case "mape":
            return Measure(RowMean(mape))
        case "explained_variance":
            return Measure(Whole(explained_variance))
        case "pearson":
            return Measure(Whole(pearson))
        case "spearman":
            return Measure(Whole(spearman))
    raise ValueError(f"no such metric of a regression: {name}")


def in_float64(metric: "Metric") -> "Metric":
    """A metric that sums in double precision."""
    return metric.set_dtype(torch.float64)


KIND = TaskKind(read=read_numbers, info=_info, tensor=number_tensor, build=build_regression)
