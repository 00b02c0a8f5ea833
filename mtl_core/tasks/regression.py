"""Regression: one or several numbers a row."""

from collections.abc import Callable
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.regression import MeanAbsoluteError, MeanSquaredError, R2Score

from mtl_core.spec import RegressionTask, TargetInfo
from mtl_core.tasks.base import Loss, TaskHead, directions, labelled_count
from mtl_core.tasks.metrics import Measure

_LOSSES: dict[str, Callable[..., Tensor]] = {"mse": F.mse_loss, "mae": F.l1_loss, "huber": F.huber_loss}


def build_regression(task: RegressionTask, info: TargetInfo) -> TaskHead:
    """The runtime of a regression task; metrics and predictions are in the target's own units.

    With several values a row, each metric is the mean over the values' own metrics.
    """
    restore = _restore(info)

    def measures() -> dict[str, Measure]:
        return {name: _measure(name, info.width) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.width,
        loss=_masked(_LOSSES[task.loss], info.width),
        predict=restore,
        directions=directions(measures()),
        read=lambda prediction, target: (restore(prediction), restore(target)),
        measures=measures,
    )


def _masked(function: Callable[..., Tensor], width: int) -> Loss:
    def loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return function(prediction, target)
        # A row without a label is its own target: error and gradient are exactly 0, even where the target is NaN.
        target = torch.where(mask.unsqueeze(1), target, prediction.detach())
        return function(prediction, target, reduction="sum") / (labelled_count(mask) * width)

    return loss


def _restore(info: TargetInfo) -> Callable[[Tensor], Tensor]:
    """From training units to the target's own, in float64: a float32 year would lose its fraction."""
    mean = torch.tensor(info.mean or (0.0,), dtype=torch.float64)
    std = torch.tensor(info.std or (1.0,), dtype=torch.float64)

    def restore(values: Tensor) -> Tensor:
        return values.double() * std.to(values.device) + mean.to(values.device)

    return restore


def _measure(name: str, width: int) -> Measure:
    match name:
        case "rmse":
            return Measure(_double(MeanSquaredError(squared=False, num_outputs=width)))
        case "mae":
            return Measure(_double(MeanAbsoluteError(num_outputs=width)))
        case "r2":
            return Measure(_double(_R2()), _has_two_rows)
    raise ValueError(f"no such metric of a regression: {name}")


def _has_two_rows(metric: Metric) -> bool:
    return int(cast(Tensor, metric.total)) >= 2


def _double(metric: Metric) -> Metric:
    return metric.set_dtype(torch.float64)


class _R2(R2Score):
    """R² of targets brought to mean 0 and deviation 1 of the first piece seen.

    torchmetrics takes sums of squares below 1e-4 for 0 and subtracts large sums from each other; R² itself depends on
    neither unit nor offset, so both are taken out first.
    """

    offset: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("offset", default=torch.tensor(0.0), dist_reduce_fx="mean")
        self.add_state("scale", default=torch.tensor(1.0), dist_reduce_fx="mean")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Take predictions and targets, both ``[N, W]``."""
        if not int(self.total):
            std, mean = torch.std_mean(target, dim=0, correction=0)
            self.offset = mean
            self.scale = torch.where(std > 0, std, 1.0)
        super().update((preds - self.offset) / self.scale, (target - self.offset) / self.scale)
