"""A task as the training loop and the evaluation see it, whatever its kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from mtl_core.tasks.metrics import Measure, Read, TaskMetrics

Direction = Literal["min", "max"]


class Loss(Protocol):
    """How a task's mean loss of a batch is called.

    Args:
        prediction: What the output layer gives, ``[N, out_features]``.
        target: ``[N, W]`` float32 (regression), ``[N, 1]`` float32 of 0 and 1 (binary), ``[N]`` int64 (multiclass).
        mask: ``[N]`` bool, true where the row has a label; ``None`` when every row has one.

    Returns:
        A 0-d tensor: the mean over the labelled rows; exactly 0 with zero gradient when there is none, whatever
        stands in the target of rows without a label.
    """

    def __call__(self, prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The mean loss of a batch."""
        ...


@dataclass(frozen=True)
class TaskHead:
    """Loss, metrics and reading of one task's output.

    Attributes:
        name: The task's name.
        out_features: Width of the output layer.
        loss: The mean loss of a batch; without a mask exactly one call of ``torch.nn.functional``.
        predict: From the output layer to what a person reads: class probabilities ``[N, classes]`` in the order of
            the target's classes (binary: negative, positive), or values ``[N, W]`` float64 in the target's own units.
        directions: Whether less or more is better, for ``loss`` and each metric.
        read: From output and target to what the metrics take.
        measures: Makes the task's metrics, each fresh.
    """

    name: str
    out_features: int
    loss: Loss
    predict: Callable[[Tensor], Tensor]
    directions: Mapping[str, Direction]
    read: Read
    measures: Callable[[], dict[str, Measure]]

    def metrics(self, device: torch.device | str = "cpu") -> TaskMetrics:
        """Empty accumulators of the loss and of each metric, on a device."""
        return TaskMetrics(self.loss, self.read, self.measures(), device)


def labelled_count(mask: Tensor) -> Tensor:
    """Number of labelled rows, at least 1 so that a mean over none is 0 instead of NaN; stays on the device."""
    return mask.sum().clamp(min=1)


def directions(measures: Mapping[str, Measure]) -> dict[str, Direction]:
    """The direction of ``loss`` and of each metric."""
    found: dict[str, Direction] = {"loss": "min"}
    for name, measure in measures.items():
        found[name] = "max" if measure.metric.higher_is_better else "min"
    return found
