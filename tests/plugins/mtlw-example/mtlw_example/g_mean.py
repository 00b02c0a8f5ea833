"""The torch part of the metric."""

import torch
from torch import Tensor

from mtl_core.spec import TargetInfo
from mtl_core.spec.tasks import BaseTask
from mtl_core.tasks import TaskMetric
from mtl_core.tasks.additional_metrics import DatasetMetric


def g_mean(predicted: Tensor, target: Tensor) -> Tensor:
    """The geometric mean of the recalls of the classes that occur; NaN if there is only one."""
    classes = torch.unique(target)
    if len(classes) < 2:
        return target.new_tensor(torch.nan)
    recalls = torch.stack([(predicted[target == one] == one).double().mean() for one in classes])
    return recalls.log().mean().exp()


def _to_classes(probabilities: Tensor) -> Tensor:
    """``[N]`` classes from their probabilities ``[N, C]``, or from those of the positive class ``[N]``."""
    return probabilities.argmax(1) if probabilities.dim() == 2 else (probabilities > 0.5).long()


def build(task: BaseTask, info: TargetInfo) -> TaskMetric:
    """The metric of a binary or multiclass task."""
    return TaskMetric(DatasetMetric(g_mean), transform=_to_classes)
