"""Metrics of tasks of several values whose rows may lack some of the values."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from mtl_core.tasks.task_metrics import TaskMetric


def mean_over_values(build: Callable[[], TaskMetric], width: int) -> TaskMetric:
    """Return the mean over values of a metric of one value, each computed on the rows that have the value.

    Values for which the metric is undefined are left out.

    Args:
        build: Builds the metric of one value, for predictions and targets ``[N, 1]``.
        width: The number of values.
    """
    metric = _ValueMean([build() for _ in range(width)])
    return TaskMetric(metric, lambda _: metric.is_defined)


class _ValueMean(Metric):
    """The mean of one metric per value; a missing value is NaN in the target, or negative in one of whole numbers.

    Args:
        metrics: A metric per value.
    """

    def __init__(self, metrics: list[TaskMetric]) -> None:
        super().__init__()
        self._conditions = [metric.is_defined for metric in metrics]
        self.metrics = nn.ModuleList([metric.metric for metric in metrics])
        self._row_counts = [0] * len(metrics)

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add predictions and targets, both ``[N, W]``."""
        present = ~target.isnan() if target.is_floating_point() else target >= 0
        for value, metric in enumerate(self._value_metrics()):
            rows = present[:, value]
            if rows.any():
                self._row_counts[value] += int(rows.sum())
                metric.update(preds[rows, value : value + 1], target[rows, value : value + 1])

    def compute(self) -> Tensor:
        """Return the mean of the metrics that are defined; NaN if none is."""
        values = [metric.compute().double().mean() for metric in self._defined_metrics()]
        return torch.stack(values).nanmean() if values else torch.tensor(torch.nan)

    def reset(self) -> None:
        """Forget all rows."""
        super().reset()
        self._row_counts = [0] * len(self._row_counts)
        for metric in self._value_metrics():
            metric.reset()

    @property
    def is_defined(self) -> bool:
        """Whether the metric is defined for at least one value."""
        return bool(self._defined_metrics())

    def _defined_metrics(self) -> list[Metric]:
        entries = zip(self._value_metrics(), self._conditions, self._row_counts, strict=True)
        return [metric for metric, is_defined, rows in entries if rows and is_defined(metric)]

    def _value_metrics(self) -> list[Metric]:
        return [metric for metric in self.metrics if isinstance(metric, Metric)]
