"""A task as the training loop and the evaluation see it, whatever its kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from mtl_core.spec import BaseTask, Direction
from mtl_core.spec.tasks import Outputs
from mtl_core.tasks.distillation import Distance
from mtl_core.tasks.metrics import Measure, Read, TaskMetrics
from mtl_core.tasks.output_averaging import Average
from mtl_core.tasks.prediction_columns import TaskColumns

RowLoss = Callable[[Tensor, Tensor], Tensor]
"""From outputs ``[N, …]`` and targets ``[N, …]`` to each row's loss ``[N]``."""


class Loss(Protocol):
    """How a task's mean loss of a batch is called.

    Args:
        prediction: What the output layer gives, ``[N, out_features]`` or ``[N, C, h, w]``.
        target: As in :class:`mtl_core.datasets.Split`.
        mask: ``[N]`` bool, true where the row has a label, or ``[N, W]``, true where the value is there; ``None`` when
            every row has all of it.

    Returns:
        A 0-d tensor: the mean over the labelled rows, or over the values that are there; exactly 0 with zero gradient
        when there is none, whatever stands in the target where there is no label.
    """

    def __call__(self, prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The mean loss of a batch."""
        ...


@dataclass(frozen=True)
class TaskHead:
    """Loss, metrics and reading of one task's output: all that a kind of task is beside its spec.

    Attributes:
        name: The task's name.
        out_features: What the output layer must give: its width, or the shape of a map.
        loss: The mean loss of a batch; the plain ones, without a mask, are one call of ``torch.nn.functional``.
        predict: From the output layer to what a person reads: class probabilities ``[N, classes, …]`` in the order of
            the target's classes (binary: negative, positive), or values ``[N, W]`` float64 in the target's own units.
        directions: Whether less or more is better, for ``loss`` and each metric.
        read: From output and target to what the metrics take.
        measures: Makes the task's metrics, each fresh.
        average: From the outputs of several models to one whose prediction is the mean of theirs, in double precision.
        columns: What a table tells of the task.
        distance: How far outputs are from another model's.
        amount: How many values of a target the loss is the mean of; None where it is the mean over rows.
    """

    name: str
    out_features: Outputs
    loss: Loss
    predict: Callable[[Tensor], Tensor]
    directions: Mapping[str, Direction]
    read: Read
    measures: Callable[[], dict[str, Measure]]
    average: Average
    columns: Callable[[], TaskColumns]
    distance: Distance
    amount: Callable[[Tensor], Tensor] | None = None

    def averaged(self, outputs: Tensor) -> Tensor:
        """The outputs of M models ``[M, N, …]`` as one ``[N, …]``, whose prediction is the mean of theirs."""
        return self.average(outputs.double()).to(outputs.dtype)

    def metrics(self, device: torch.device | str = "cpu") -> TaskMetrics:
        """Empty accumulators of the loss and of each metric, on a device."""
        return TaskMetrics(self.loss, self.read, self.measures(), device, self.amount)


def labelled_count(mask: Tensor) -> Tensor:
    """Number of labelled rows or values, at least 1 so that a mean over none is 0 and not NaN; stays on the device."""
    return mask.sum().clamp(min=1)


def directions(task: BaseTask) -> dict[str, Direction]:
    """The direction of ``loss`` and of each metric."""
    return {name: task.metric_direction(name) for name in ("loss", *task.metrics)}


def mean_of(row_loss: RowLoss) -> Loss:
    """The mean over the labelled rows of a loss that is known row by row.

    Args:
        row_loss: Finite, with a finite gradient, for a target of zeros: that stands in for a missing one.
    """

    def loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return row_loss(prediction, target).mean()
        rows = mask.view(-1, *(1,) * (target.dim() - 1))
        safe = target.masked_fill(~rows, 0)  # NaN × 0 would stay NaN
        return row_loss(prediction, safe).masked_fill(~mask, 0).sum() / labelled_count(mask)

    return loss


def mean_of_values(value_loss: RowLoss) -> Loss:
    """The mean over the labelled rows, or over the values that are there, of a loss known value by value.

    Args:
        value_loss: From outputs and targets ``[N, W]`` to the loss of each value ``[N, W]``; as for :func:`mean_of`.
    """
    by_row = mean_of(lambda prediction, target: value_loss(prediction, target).mean(1))

    def loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None or mask.dim() == 1:
            return by_row(prediction, target, mask)
        safe = target.masked_fill(~mask, 0)
        return value_loss(prediction, safe).masked_fill(~mask, 0).sum() / labelled_count(mask)

    return loss
