"""Metrics of a task, accumulated over the batches of a split."""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torchmetrics import Metric  # which takes a second to load

ABSENT = -1
"""Replaces a missing value in targets of whole numbers; NaN in others."""

MetricInputs = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""From outputs and targets to predictions and targets as the metrics take them."""

_MAX_PENDING_VALUES = 8_000_000
"""Predicted values that are buffered before the metrics are updated (32 MB)."""


def always_defined(_: "Metric") -> bool:
    """Return True: one labeled row is enough."""
    return True


@dataclass(frozen=True)
class TaskMetric:
    """A metric of a task.

    Attributes:
        metric: The accumulator.
        is_defined: Whether the metric is defined on the rows so far (AUROC needs both classes, R² two rows).
        transform: Applied to the predictions before the metric, e.g. from probabilities to classes; None for nothing.
    """

    metric: "Metric"
    is_defined: Callable[["Metric"], bool] = always_defined
    transform: Callable[[Tensor], Tensor] | None = None


class TaskMetrics:
    """The loss and the metrics of one task, accumulated over batches of any size.

    Batches are buffered and evaluated in few large pieces, so that an update costs next to nothing and never waits for
    the device; a tensor that was passed must not be written to afterwards. The loss is the mean over all labeled rows
    of the split (or over all tokens), not the mean of the batches' means.

    Args:
        loss: Mean loss of labeled rows.
        metric_inputs: From outputs and targets to the inputs of the metrics.
        metrics: The metrics by name; owned by this object from now on.
        device: Where predictions and targets are.
        target_count: The number of values in a target over which the loss is the mean; None for the number of rows.
    """

    def __init__(
        self,
        loss: Callable[[Tensor, Tensor, Tensor | None], Tensor],
        metric_inputs: MetricInputs,
        metrics: Mapping[str, TaskMetric],
        device: torch.device | str,
        target_count: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self._loss = loss
        self._metric_inputs = metric_inputs
        self._metrics = dict(metrics)
        self._target_count = target_count
        self._device = torch.device(device)
        for metric in self._metrics.values():
            metric.metric.to(self._device)
        self._clear()

    def _clear(self) -> None:
        self._pending: list[tuple[Tensor, Tensor, Tensor | None]] = []
        self._pending_values = 0
        self._rows = 0
        self._loss_count = torch.zeros((), dtype=torch.float64, device=self._device)
        self._loss_sum = torch.zeros((), dtype=torch.float64, device=self._device)

    def reset(self) -> None:
        """Forget all batches."""
        self._clear()
        for metric in self._metrics.values():
            metric.metric.reset()

    def continue_with(
        self,
        loss: Callable[[Tensor, Tensor, Tensor | None], Tensor],
        metric_inputs: MetricInputs,
        target_count: Callable[[Tensor], Tensor] | None,
    ) -> None:
        """Take further batches from another model of the same task, whose targets are standardized otherwise."""
        self._flush()
        self._loss, self._metric_inputs, self._target_count = loss, metric_inputs, target_count

    def update(self, prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> None:
        """Add a batch: outputs, targets, and which rows, or values of each row, have a label (``None``: all)."""
        self._pending.append((prediction.detach(), target, mask))
        self._pending_values += prediction.numel()
        if self._pending_values > _MAX_PENDING_VALUES:
            self._flush()

    def compute(self) -> dict[str, float]:
        """Return ``loss`` and each metric over all batches so far.

        The result is empty if no row has a label. Metrics that are undefined on the labels, or NaN, are left out. If
        the loss is NaN, no metric is returned, since metrics of NaN outputs mean nothing.
        """
        self._flush()
        if not self._rows:
            return {}
        loss = (self._loss_sum / self._loss_count).item()
        if math.isnan(loss):
            return {"loss": loss}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torchmetrics warns of what is undefined; it is left out
            results = {n: m.metric.compute() for n, m in self._metrics.items() if m.is_defined(m.metric)}
        values = torch.stack([v.double().mean() for v in results.values()]).tolist() if results else []
        scores = {name: value for name, value in zip(results, values, strict=True) if not math.isnan(value)}
        return {"loss": loss, **scores}

    @torch.no_grad()
    def _flush(self) -> None:
        pending, self._pending, self._pending_values = self._pending, [], 0
        if not pending:
            return
        prediction = torch.cat([p for p, _, _ in pending])
        target = torch.cat([t for _, t, _ in pending])
        value_mask: Tensor | None = None
        if any(mask is not None for _, _, mask in pending):
            mask = torch.cat([_full_mask(target) if mask is None else mask for _, target, mask in pending])
            labeled = mask if mask.dim() == 1 else mask.any(dim=1)
            prediction, target = prediction[labeled], target[labeled]
            value_mask = mask[labeled] if mask.dim() == 2 else None
        rows = len(target)
        if not rows:
            return
        self._rows += rows
        if value_mask is not None:
            count: int | Tensor = value_mask.sum()
        else:
            count = rows if self._target_count is None else self._target_count(target)
        self._loss_count = self._loss_count + count
        self._loss_sum = self._loss_sum + self._loss(prediction, target, value_mask).double() * count
        predictions, targets = self._metric_inputs(prediction, target)
        if value_mask is not None:
            targets = targets.masked_fill(~value_mask, torch.nan if targets.is_floating_point() else ABSENT)
        for metric in self._metrics.values():
            metric.metric.update(metric.transform(predictions) if metric.transform else predictions, targets)


def _full_mask(target: Tensor) -> Tensor:
    return torch.ones(len(target), dtype=torch.bool, device=target.device)
