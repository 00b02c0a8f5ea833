"""Loss, metrics and decoding of a task's output, as the training loop and the evaluation use them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from mtl_core.spec import BaseTask, Direction
from mtl_core.spec.tasks import Outputs
from mtl_core.tasks.distillation import Distance
from mtl_core.tasks.output_averaging import Average
from mtl_core.tasks.prediction_columns import TaskColumns
from mtl_core.tasks.task_metrics import MetricInputs, TaskMetric, TaskMetrics

RowLoss = Callable[[Tensor, Tensor], Tensor]
"""From outputs ``[N, …]`` and targets ``[N, …]`` to the loss of each row ``[N]``."""


class Loss(Protocol):
    """The mean loss of a task over a batch.

    Args:
        prediction: The output of the output layer, ``[N, out_features]`` or ``[N, C, h, w]``; of a model with members
            ``[N, k, …]`` (:mod:`mtl_core.tasks.members`).
        target: As in :class:`mtl_core.datasets.Split`.
        mask: ``[N]`` bool, true where the row has a label, or ``[N, W]``, true where the value is present; ``None`` if
            nothing is missing.

    Returns:
        A 0-d tensor: the mean over the labeled rows, or over the values that are present; exactly 0 with zero gradient
        if there are none, whatever the target contains where there is no label.
    """

    def __call__(self, prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the mean loss of a batch."""
        ...


@dataclass(frozen=True)
class TaskHead:
    """What a kind of task computes from the output of a task's output layer.

    Attributes:
        name: The task's name.
        out_features: The size of the output layer: its width, or the shape of a map.
        loss: The mean loss of a batch; without a mask, plain losses are one call of ``torch.nn.functional``.
        predict: From outputs to predictions for people: class probabilities ``[N, classes, …]`` in the order of the
            target's classes (binary: negative, positive), or values ``[N, W]`` float64 in the target's units.
        directions: Whether less or more is better, for ``loss`` and each metric.
        metric_inputs: From outputs and targets to the inputs of the metrics.
        build_metrics: Builds new metrics of the task, by name.
        average: From the outputs of several models to the output whose prediction is their mean prediction, in float64.
        columns: Builds the columns of the task in a table of predictions.
        distance: The distance between the outputs of two models.
        target_count: The number of values in a target over which the loss is the mean; None for the number of rows.
    """

    name: str
    out_features: Outputs
    loss: Loss
    predict: Callable[[Tensor], Tensor]
    directions: Mapping[str, Direction]
    metric_inputs: MetricInputs
    build_metrics: Callable[[], dict[str, TaskMetric]]
    average: Average
    columns: Callable[[], TaskColumns]
    distance: Distance
    target_count: Callable[[Tensor], Tensor] | None = None

    def average_outputs(self, outputs: Tensor) -> Tensor:
        """Average the outputs of M models ``[M, N, …]`` to ``[N, …]``, whose prediction is their mean prediction."""
        return self.average(outputs.double()).to(outputs.dtype)

    def has_members(self, output: Tensor) -> bool:
        """Whether an output is that of a model with members (TabM), ``[N, k, …]``."""
        return output.dim() - 2 == (1 if isinstance(self.out_features, int) else len(self.out_features))

    def average_members(self, output: Tensor) -> Tensor:
        """Average the outputs of members ``[N, k, …]`` to ``[N, …]``; an output without members is unchanged."""
        return self.average_outputs(output.movedim(1, 0)) if self.has_members(output) else output

    def metrics(self, device: torch.device | str = "cpu") -> TaskMetrics:
        """Return empty accumulators of the loss and of each metric on a device."""
        return TaskMetrics(self.loss, self.metric_inputs, self.build_metrics(), device, self.target_count)


def labeled_count(mask: Tensor) -> Tensor:
    """The number of labeled rows or values, at least 1 so that a mean over none is 0, not NaN; stays on the device."""
    return mask.sum().clamp(min=1)


def directions(task: BaseTask) -> dict[str, Direction]:
    """The direction of ``loss`` and of each metric."""
    return {name: task.metric_direction(name) for name in ("loss", *task.metrics)}


def masked_mean(row_loss: RowLoss) -> Loss:
    """Return the mean of a loss per row over the labeled rows.

    Args:
        row_loss: Must be finite, with a finite gradient, for a target of zeros, which replaces a missing one.
    """

    def loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return row_loss(prediction, target).mean()
        rows = mask.view(-1, *(1,) * (target.dim() - 1))
        filled = target.masked_fill(~rows, 0)  # NaN × 0 would stay NaN
        return row_loss(prediction, filled).masked_fill(~mask, 0).sum() / labeled_count(mask)

    return loss


def masked_value_mean(value_loss: RowLoss) -> Loss:
    """Return the mean of a loss per value over the labeled rows, or over the values that are present.

    Args:
        value_loss: From outputs and targets ``[N, W]`` to the loss of each value ``[N, W]``; as in :func:`masked_mean`.
    """
    row_mean = masked_mean(lambda prediction, target: value_loss(prediction, target).mean(1))

    def loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None or mask.dim() == 1:
            return row_mean(prediction, target, mask)
        filled = target.masked_fill(~mask, 0)
        return value_loss(prediction, filled).masked_fill(~mask, 0).sum() / labeled_count(mask)

    return loss
