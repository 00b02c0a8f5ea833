"""The outputs of several models as one output, whose prediction is the mean of theirs.

Probabilities and values are averaged, not outputs. The result is again what the task's output layer gives, so that its
loss, metrics and reading apply to it as to any model's (Dietterich 2000; Lakshminarayanan et al. 2017).
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import (
    BinaryTask,
    BoxTask,
    CountTask,
    DistributionTask,
    MulticlassTask,
    MultilabelTask,
    ObjectiveTask,
    OrdinalTask,
    RegressionTask,
    SegmentationTask,
    Spec,
    TaggingTask,
    TargetInfo,
    Task,
)

Average = Callable[[Tensor], Tensor]
"""From the outputs of M models ``[M, N, …]`` to one ``[N, …]``."""

_LEAST = 1e-12


def build_average(task: Task, info: TargetInfo) -> Average:
    """How the outputs of several models for a task become one; computed in double precision.

    Args:
        task: The task.
        info: How its target looks.
    """
    average = AVERAGES[type(task)](task, info)
    return lambda outputs: average(outputs.double()).to(outputs.dtype)


def _log_mean_exp(logarithms: Tensor) -> Tensor:
    return torch.logsumexp(logarithms, dim=0) - math.log(len(logarithms))


def _classes(outputs: Tensor) -> Tensor:
    """Logarithms of mean probabilities are logits of them."""
    return _log_mean_exp(torch.log_softmax(outputs, dim=2))


def _pixels(info: TargetInfo, outputs: Tensor) -> Tensor:
    """As for classes, at the size of the target."""
    if info.size is not None and outputs.shape[3:] != info.size:
        outputs = torch.stack([F.interpolate(o, size=info.size, mode="bilinear", align_corners=False) for o in outputs])
    return _classes(outputs)


def _sigmoids(outputs: Tensor) -> Tensor:
    """The logit of the mean probability."""
    return _log_mean_exp(F.logsigmoid(outputs)) - _log_mean_exp(F.logsigmoid(-outputs))


def _mean(outputs: Tensor) -> Tensor:
    return outputs.mean(dim=0)


def _gaussians(width: int, outputs: Tensor) -> Tensor:
    """Mean and variance of the mixture of the models' normal distributions."""
    means, variances = outputs[:, :, :width], outputs[:, :, width:].exp()
    spread = means.var(dim=0, correction=0) + variances.mean(dim=0)
    return torch.cat([means.mean(dim=0), spread.log()], dim=1)


def _cumulative(outputs: Tensor) -> Tensor:
    """The logits of the mean P(y > k), as a first one and how far each is below the one before."""
    falls = F.softplus(outputs[:, :, 1:]).cumsum(dim=2)
    logits = _sigmoids(torch.cat([outputs[:, :, :1], outputs[:, :, :1] - falls], dim=2))
    gaps = (logits[:, :-1] - logits[:, 1:]).clamp(min=_LEAST)
    return torch.cat([logits[:, :1], gaps + (-torch.expm1(-gaps)).log()], dim=1)  # the inverse of softplus


def _conditional(outputs: Tensor) -> Tensor:
    """The logits of P(y > k | y > k - 1) in the mean distribution."""
    above = _log_mean_exp(F.logsigmoid(outputs).cumsum(dim=2))
    logarithms = torch.cat([above[:, :1], above[:, 1:] - above[:, :-1]], dim=1).clamp(max=-_LEAST)
    return logarithms - (-torch.expm1(logarithms)).log()


def _regression(task: RegressionTask, info: TargetInfo) -> Average:
    return partial(_gaussians, info.width) if task.loss == "gaussian_nll" else _mean


AVERAGES: dict[type[Spec], Callable[[Any, TargetInfo], Average]] = {
    RegressionTask: _regression,
    BinaryTask: lambda _, __: _sigmoids,
    MulticlassTask: lambda _, __: _classes,
    MultilabelTask: lambda _, __: _sigmoids,
    OrdinalTask: lambda task, _: _cumulative if task.loss == "cumulative_link" else _conditional,
    CountTask: lambda _, __: _log_mean_exp,
    DistributionTask: lambda _, __: _classes,
    BoxTask: lambda _, __: _sigmoids,
    SegmentationTask: lambda _, info: partial(_pixels, info),
    TaggingTask: lambda _, __: _classes,
    ObjectiveTask: lambda _, __: _mean,
}
"""One entry per member of :data:`mtl_core.spec.Task`; a contract test holds it to that."""
