"""The torch part of the task kind: from the cells of the target to the columns of the predictions."""

import numpy as np
import torch
from torch import Tensor

from mtl_core.spec import TargetInfo
from mtl_core.tabular.column import Rows
from mtl_core.tasks import TaskHead, TaskKind, TaskMetric, distillation, output_averaging, prediction_columns
from mtl_core.tasks.prediction_columns import TaskColumns
from mtl_core.tasks.standardization import inverse_standardization
from mtl_core.tasks.targets.labels import Labels
from mtl_core.tasks.targets.numbers import moments, number_info, number_tensor, read_numbers, training_values
from mtl_core.tasks.task_head import directions, masked_mean
from mtlw_example.specs import IntervalTask


def target_info(labels: Labels, train: Rows) -> TargetInfo:
    """Describe the target, with two outputs per value and the mean and deviation of the training rows."""
    mean, std = moments(training_values(labels, train), partial=False)
    std = np.where(std > 0, std, 1.0)
    return number_info(labels, train, per_value=2, mean=tuple(mean.tolist()), std=tuple(std.tolist()))


def build_head(task: IntervalTask, info: TargetInfo) -> TaskHead:
    """Build the head of an interval task; its outputs are the two bounds in training units."""
    restore = inverse_standardization(info)
    quantiles = torch.tensor([(1 - task.coverage) / 2, (1 + task.coverage) / 2])

    def pinball(output: Tensor, target: Tensor) -> Tensor:
        error = target - output
        levels = quantiles.to(output)
        return torch.maximum(levels * error, (levels - 1) * error).mean(1)

    def bounds(output: Tensor) -> Tensor:
        return restore(output).sort(dim=1).values

    def build_metrics() -> dict[str, TaskMetric]:
        return {name: _build_metric(name, task.coverage) for name in task.metrics}

    def columns() -> TaskColumns:
        values = prediction_columns.numbers(task, info)
        predicted = (f"{task.name}.lower", f"{task.name}.upper")
        return TaskColumns(predicted, values.truth, values.format_predictions, values.format_targets)

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=masked_mean(pinball),
        predict=bounds,
        directions=directions(task),
        metric_inputs=lambda output, target: (bounds(output), restore(target)),
        build_metrics=build_metrics,
        average=output_averaging.mean_outputs,
        columns=columns,
        distance=distillation.squared_error,
    )


def interval_score(bounds: Tensor, target: Tensor, coverage: float) -> Tensor:
    """[N] the width, and 2 / (1 - coverage) times the distance of a number outside (Gneiting & Raftery 2007)."""
    lower, upper = bounds.unbind(1)
    value = target[:, 0]
    outside = (lower - value).clamp(min=0) + (value - upper).clamp(min=0)
    return upper - lower + 2 / (1 - coverage) * outside


def coverage_error(bounds: Tensor, target: Tensor, coverage: float) -> Tensor:
    """How far the share of the numbers within their intervals is from the stated one."""
    inside = (bounds[:, :1] <= target) & (target <= bounds[:, 1:])
    return (inside.double().mean() - coverage).abs()


def _build_metric(name: str, coverage: float) -> TaskMetric:
    from mtl_core.tasks.additional_metrics import DatasetMetric, RowMean

    match name:
        case "interval_score":
            return TaskMetric(RowMean(lambda bounds, target: interval_score(bounds, target, coverage)))
        case "coverage_error":
            return TaskMetric(DatasetMetric(lambda bounds, target: coverage_error(bounds, target, coverage)))
        case "width":
            return TaskMetric(RowMean(lambda bounds, _: bounds[:, 1] - bounds[:, 0]))
    raise ValueError(f"no such metric of an interval: {name}")


KIND = TaskKind(read_labels=read_numbers, target_info=target_info, target_tensor=number_tensor, build_head=build_head)
