"""Known functions of two parameters: the toy problem of Liu et al. (CAGrad, 2021)."""

import torch
from torch import Tensor

from mtl_core.spec import ObjectiveTask, TargetInfo
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.base import TaskHead, directions, mean_of
from mtl_core.tasks.kind import TaskKind
from mtl_core.tasks.metrics import Measure
from mtl_core.tasks.targets.numbers import number_info, number_tensor, read_numbers

_LEAST = 5e-6


def build_objective(task: ObjectiveTask, info: TargetInfo) -> TaskHead:
    """The runtime of an objective: the mean of its function at the features plus the starting point."""
    from mtl_core.tasks.additional_metrics import RowMean

    side = -1.0 if task.loss == "valley_left" else 1.0

    def value(features: Tensor, start: Tensor) -> Tensor:
        return valley(features + start, side)

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=mean_of(value),
        predict=lambda output: output.double(),
        directions=directions(task),
        read=lambda prediction, target: (prediction.double(), target.double()),
        measures=lambda: {name: Measure(RowMean(value)) for name in task.metrics},
        average=output_averaging.values,
        columns=lambda: prediction_columns.without_truth(
            prediction_columns.numbers(task, info)
        ),  # the target is where the search starts
        distance=distillation.values,
    )


def valley(point: Tensor, side: float) -> Tensor:
    """[N] values of the paper's first (side -1) or second (side 1) function at ``[N, 2]``.

    Above y = 0 a narrow valley, below it a bowl around (7, -8) or (-7, -8), each fading in with tanh(|y| / 2); signs
    as in the authors' published program.
    """
    x, y = point.unbind(1)
    offset = (-x - 7) / 2 if side < 0 else (-x + 3) / 2 + 2
    steep = (offset - side * torch.tanh(y)).abs().clamp(min=_LEAST).log() + 6
    bowl = ((-x - side * 7).square() + 0.1 * (-y - 8).square()) / 10 - 20
    return steep * torch.tanh(y / 2).clamp(min=0) + bowl * torch.tanh(-y / 2).clamp(min=0)


KIND = TaskKind(read=read_numbers, info=number_info, tensor=number_tensor, build=build_objective)
