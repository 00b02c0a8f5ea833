"""Test functions of two parameters: the toy problem of Liu et al. (CAGrad, 2021)."""

import torch
from torch import Tensor

from mtl_core.spec import ObjectiveTask, TargetInfo
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.targets.numbers import number_info, number_tensor, read_numbers
from mtl_core.tasks.task_head import RowLoss, TaskHead, directions, masked_mean
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import TaskMetric

_EPSILON = 5e-6


def build_objective(task: ObjectiveTask, info: TargetInfo) -> TaskHead:
    """Build the head of an objective: the mean of its function at the features plus the starting point."""
    side = -1.0 if task.loss == "valley_left" else 1.0

    def value(features: Tensor, start: Tensor) -> Tensor:
        return valley(features + start, side)

    def build_metrics() -> dict[str, TaskMetric]:
        return {name: _build_metric(name, value) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=masked_mean(value),
        predict=lambda output: output.double(),
        directions=directions(task),
        metric_inputs=lambda prediction, target: (prediction.double(), target.double()),
        build_metrics=build_metrics,
        average=output_averaging.mean_outputs,
        # the target is the starting point, not the truth
        columns=lambda: prediction_columns.without_truth(prediction_columns.numbers(task, info)),
        distance=distillation.squared_error,
    )


def valley(point: Tensor, side: float) -> Tensor:
    """[N] values of the paper's first (side -1) or second (side 1) function at points ``[N, 2]``.

    For y > 0 it is a narrow valley, for y < 0 a bowl around (7, -8) or (-7, -8), each weighted by tanh(|y| / 2); the
    signs are those of the authors' code.
    """
    x, y = point.unbind(1)
    offset = (-x - 7) / 2 if side < 0 else (-x + 3) / 2 + 2
    steep = (offset - side * torch.tanh(y)).abs().clamp(min=_EPSILON).log() + 6
    bowl = ((-x - side * 7).square() + 0.1 * (-y - 8).square()) / 10 - 20
    return steep * torch.tanh(y / 2).clamp(min=0) + bowl * torch.tanh(-y / 2).clamp(min=0)


def _build_metric(name: str, value: RowLoss) -> TaskMetric:
    from mtl_core.tasks.additional_metrics import RowMean

    if name == "value":
        return TaskMetric(RowMean(value))
    raise ValueError(f"no such metric of an objective: {name}")


KIND = TaskKind(
    read_labels=read_numbers, target_info=number_info, target_tensor=number_tensor, build_head=build_objective
)
