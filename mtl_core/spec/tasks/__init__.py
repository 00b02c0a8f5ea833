"""The tasks: what is predicted, from which target, and how it is judged."""

from typing import Annotated

from pydantic import Field

from mtl_core.spec.tasks.base import BaseTask, Column, TaskName, column_name
from mtl_core.spec.tasks.classes import (
    BinaryTask,
    DistributionTask,
    MulticlassTask,
    MultilabelTask,
    OrdinalTask,
    SegmentationTask,
    TaggingTask,
)
from mtl_core.spec.tasks.numbers import BoxTask, CountTask, ObjectiveTask, RegressionTask

Task = Annotated[
    RegressionTask
    | BinaryTask
    | MulticlassTask
    | MultilabelTask
    | OrdinalTask
    | CountTask
    | DistributionTask
    | BoxTask
    | SegmentationTask
    | TaggingTask
    | ObjectiveTask,
    Field(discriminator="kind"),
]

TOTAL = "total"
"""The name of the combined loss among the tasks' series; no task may have it."""

__all__ = [
    "TOTAL",
    "BaseTask",
    "BinaryTask",
    "BoxTask",
    "Column",
    "CountTask",
    "DistributionTask",
    "MulticlassTask",
    "MultilabelTask",
    "ObjectiveTask",
    "OrdinalTask",
    "RegressionTask",
    "SegmentationTask",
    "TaggingTask",
    "Task",
    "TaskName",
    "column_name",
]
