"""Metrics of a task over the batches of a split."""

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
"""Stands in whole-numbered targets for a value that a row lacks; NaN in others."""

Read = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]

_KEPT_VALUES = 8_000_000
"""Predicted values held back before the metrics see them (32 MB)."""


def always(_: "Metric") -> bool:
    """A metric that one labelled row defines."""
    return True


@dataclass(frozen=True)
class Measure:
    """A metric of a task.

    Attributes:
        metric: What gathers it.
        defined: Whether what it has seen defines it (AUROC needs both classes, R² two rows).
        take: What it takes of the predictions as they are read, e.g. classes instead of probabilities.
    """

    metric: "Metric"
    defined: Callable[["Metric"], bool] = always
    take: Callable[[Tensor], Tensor] | None = None


class TaskMetrics:
    """The loss and the metrics of one task, gathered over batches of any size.

    Batches are held back and read in few large pieces, so an update costs next to nothing and waits for no device;
    a tensor handed over must not be written to afterwards. The loss is the mean over all labelled rows of the split
    (or over all tokens), not the mean of the batches' means.

    Args:
        loss: Mean loss of labelled rows.
        read: From output and target to what the metrics take.
        measures: The metrics by name; owned by this object from now on.
        device: Where predictions and targets are.
        amount: How many values of a target the loss is the mean of; None: its rows.
    """

    def __init__(
        self,
        loss: Callable[[Tensor, Tensor, Tensor | None], Tensor],
        read: Read,
        measures: Mapping[str, Measure],
        device: torch.device | str,
        amount: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self._loss = loss
        self._read = read
        self._measures = dict(measures)
        self._amount = amount
        self._device = torch.device(device)
        for measure in self._measures.values():
            measure.metric.to(self._device)
        self._clear()

    def _clear(self) -> None:
        self._kept: list[tuple[Tensor, Tensor, Tensor | None]] = []
        self._kept_values = 0
        self._rows = 0
        self._amounts = torch.zeros((), dtype=torch.float64, device=self._device)
        self._loss_sum = torch.zeros((), dtype=torch.float64, device=self._device)

    def reset(self) -> None:
        """Forget every batch."""
        self._clear()
        for measure in self._measures.values():
            measure.metric.reset()

    def update(self, prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> None:
        """Take a batch: outputs, targets, and which rows, or which values of each row, have a label (``None``: all)."""
        self._kept.append((prediction.detach(), target, mask))
        self._kept_values += prediction.numel()
        if self._kept_values > _KEPT_VALUES:
            self._flush()

    def compute(self) -> dict[str, float]:
        """``loss`` and each metric over all batches so far.

        Nothing when no row had a label; a metric that the labels leave undefined, or that comes out as NaN, is left
        out. A NaN loss stands alone, since metrics of NaN outputs mean nothing.
        """
        self._flush()
        if not self._rows:
            return {}
        loss = (self._loss_sum / self._amounts).item()
        if math.isnan(loss):
            return {"loss": loss}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torchmetrics warns of what is undefined; it is left out
            defined = {n: m.metric.compute() for n, m in self._measures.items() if m.defined(m.metric)}
        values = torch.stack([v.double().mean() for v in defined.values()]).tolist() if defined else []
        found = {name: value for name, value in zip(defined, values, strict=True) if not math.isnan(value)}
        return {"loss": loss, **found}

    @torch.no_grad()
    def _flush(self) -> None:
        kept, self._kept, self._kept_values = self._kept, [], 0
        if not kept:
            return
        prediction = torch.cat([p for p, _, _ in kept])
        target = torch.cat([t for _, t, _ in kept])
        values: Tensor | None = None
        if any(mask is not None for _, _, mask in kept):
            mask = torch.cat([_whole(target) if mask is None else mask for _, target, mask in kept])
            labelled = mask if mask.dim() == 1 else mask.any(dim=1)
            prediction, target = prediction[labelled], target[labelled]
            values = mask[labelled] if mask.dim() == 2 else None
        rows = len(target)
        if not rows:
            return
        self._rows += rows
        amount = (rows if self._amount is None else self._amount(target)) if values is None else values.sum()
        self._amounts = self._amounts + amount
        self._loss_sum = self._loss_sum + self._loss(prediction, target, values).double() * amount
        read, truth = self._read(prediction, target)
        if values is not None:
            truth = truth.masked_fill(~values, torch.nan if truth.is_floating_point() else ABSENT)
        for measure in self._measures.values():
            measure.metric.update(measure.take(read) if measure.take else read, truth)


def _whole(target: Tensor) -> Tensor:
    return torch.ones(len(target), dtype=torch.bool, device=target.device)
