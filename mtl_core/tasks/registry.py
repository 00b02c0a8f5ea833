"""Which builder makes the runtime of which kind of task."""

from collections.abc import Callable
from typing import Any

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
from mtl_core.tasks.base import TaskHead
from mtl_core.tasks.binary import build_binary
from mtl_core.tasks.box import build_box
from mtl_core.tasks.count import build_count
from mtl_core.tasks.distribution import build_distribution
from mtl_core.tasks.multiclass import build_multiclass
from mtl_core.tasks.multilabel import build_multilabel
from mtl_core.tasks.objective import build_objective
from mtl_core.tasks.ordinal import build_ordinal
from mtl_core.tasks.regression import build_regression
from mtl_core.tasks.segmentation import build_segmentation
from mtl_core.tasks.tagging import build_tagging

BUILDERS: dict[type[Spec], Callable[[Any, TargetInfo], TaskHead]] = {
    RegressionTask: build_regression,
    BinaryTask: build_binary,
    MulticlassTask: build_multiclass,
    MultilabelTask: build_multilabel,
    OrdinalTask: build_ordinal,
    CountTask: build_count,
    DistributionTask: build_distribution,
    BoxTask: build_box,
    SegmentationTask: build_segmentation,
    TaggingTask: build_tagging,
    ObjectiveTask: build_objective,
}
"""One builder per member of :data:`mtl_core.spec.Task`; a contract test holds it to that."""


def build_task(task: Task, info: TargetInfo) -> TaskHead:
    """Loss, metrics and reading of a task whose target looks as ``info`` says.

    Raises:
        InputError: The target cannot serve such a task.
    """
    return BUILDERS[type(task)](task, info)
