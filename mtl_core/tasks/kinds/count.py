"""Poisson regression of counts: the output is the logarithm of the expected count."""

from functools import partial
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import CountTask, TargetInfo
from mtl_core.tabular.column import Rows
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.kinds.regression import in_float64
from mtl_core.tasks.standardization import inverse_standardization
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.targets.numbers import (
    moments,
    number_info,
    number_matrix,
    number_tensor,
    read_numbers,
    reject_rows,
    training_values,
)
from mtl_core.tasks.task_head import TaskHead, directions, masked_value_mean
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import TaskMetric


def _read_labels(task: CountTask, source: TargetSource, at: str) -> Labels:
    labels = read_numbers(task, source, at)
    numbers = number_matrix(labels)
    invalid = np.isfinite(numbers) & ((numbers < 0) | (numbers % 1 != 0))
    reject_rows(invalid.any(1), numbers, f"{at}.target", "counts are 0, 1, 2 …")
    return labels


def _info(labels: Labels, train: Rows) -> TargetInfo:
    if not cast(CountTask, labels.task).standardize:
        return number_info(labels, train)
    mean, _ = moments(training_values(labels, train), partial=labels.value_mask is not None)
    return number_info(labels, train, std=tuple(np.where(mean > 0, mean, 1.0).tolist()))


def build_count(task: CountTask, info: TargetInfo) -> TaskHead:
    """Build the head of a count task: Poisson likelihood without its constant term; predictions are counts."""
    from mtl_core.tasks.partial_labels import mean_over_values

    restore = inverse_standardization(info)

    def build_metrics() -> dict[str, TaskMetric]:
        if info.value_counts:
            return {name: mean_over_values(partial(_build_metric, name, 1), info.width) for name in task.metrics}
        return {name: _build_metric(name, info.width) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=masked_value_mean(partial(F.poisson_nll_loss, log_input=True, reduction="none")),
        predict=lambda output: restore(output.double().exp()),
        directions=directions(task),
        metric_inputs=lambda prediction, target: (restore(prediction.double().exp()), restore(target)),
        build_metrics=build_metrics,
        average=output_averaging.log_means,
        columns=partial(prediction_columns.numbers, task, info),
        distance=distillation.squared_error,
    )


def deviance(rate: Tensor, count: Tensor) -> Tensor:
    """[N] mean Poisson deviance of the W counts of a row."""
    return 2 * (torch.xlogy(count, count / rate) - count + rate).mean(1)


def _build_metric(name: str, width: int) -> TaskMetric:
    from torchmetrics.regression import MeanAbsoluteError, MeanSquaredError

    from mtl_core.tasks.additional_metrics import DatasetMetric, RowMean, r2, spearman

    match name:
        case "deviance":
            return TaskMetric(RowMean(deviance))
        case "mae":
            return TaskMetric(in_float64(MeanAbsoluteError(num_outputs=width)))
        case "rmse":
            return TaskMetric(in_float64(MeanSquaredError(squared=False, num_outputs=width)))
        case "r2":
            return TaskMetric(DatasetMetric(r2))
        case "spearman":
            return TaskMetric(DatasetMetric(spearman))
    raise ValueError(f"no such metric of a count: {name}")


KIND = TaskKind(read_labels=_read_labels, target_info=_info, target_tensor=number_tensor, build_head=build_count)
