"""Metrics of tasks of several values whose rows may have only some of them."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from mtl_core.tasks.metrics import Measure


def of_each_value(make: Callable[[], Measure], width: int) -> Measure:
    """The mean, over the values, of a metric of one value, taken over the rows that have it.

    Values for which it is not defined are left out.

    Args:
        make: Makes the metric of one value, of predictions and targets ``[N, 1]``.
        width: How many values there are.
    """
    metric = _EachValue([make() for _ in range(width)])
    return Measure(metric, lambda _: metric.defined)


class _EachValue(Metric):
    """The mean of one metric for each value; an absent value is NaN in the target, or negative in a whole-numbered one.

    Args:
        measures: A metric for each value.
    """

    def __init__(self, measures: list[Measure]) -> None:
        super().__init__()
        self._defined = [measure.defined for measure in measures]
        self.metrics = nn.ModuleList([measure.metric for measure in measures])
        self._rows = [0] * len(measures)

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Take predictions and targets, both ``[N, W]``."""
        present = ~target.isnan() if target.is_floating_point() else target >= 0
        for value, metric in enumerate(self._parts()):
            rows = present[:, value]
            if rows.any():
                self._rows[value] += int(rows.sum())
                metric.update(preds[rows, value : value + 1], target[rows, value : value + 1])

    def compute(self) -> Tensor:
        """The mean of the values' metrics; NaN of none."""
        values = [metric.compute().double().mean() for metric in self._with_value()]
        return torch.stack(values).nanmean() if values else torch.tensor(torch.nan)

    def reset(self) -> None:
        """Forget all rows."""
        super().reset()
        self._rows = [0] * len(self._rows)
        for metric in self._parts():
            metric.reset()

    @property
    def defined(self) -> bool:
        """Whether the metric of some value is."""
        return bool(self._with_value())

    def _with_value(self) -> list[Metric]:
        known = zip(self._parts(), self._defined, self._rows, strict=True)
        return [metric for metric, defined, rows in known if rows and defined(metric)]

    def _parts(self) -> list[Metric]:
        return [metric for metric in self.metrics if isinstance(metric, Metric)]
