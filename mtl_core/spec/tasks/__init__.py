"""The tasks: their targets, losses and metrics.

A kind of task is registered here, in :data:`Task`, and nowhere else; its module in :mod:`mtl_core.tasks.kinds` is found
by the kind's name. Other installed packages can add kinds, and metrics to all kinds.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Union, cast

from pydantic import AfterValidator, Field

from mtl_core.plugins import METRICS, TASKS, load_kinds
from mtl_core.spec.tasks import plugin_rules
from mtl_core.spec.tasks.base import (
    MAX_CLASSES,
    BaseTask,
    Column,
    Direction,
    Outputs,
    TargetColumn,
    TargetStatistics,
    TaskName,
    column_name,
)
from mtl_core.spec.tasks.binary import BinaryTask
from mtl_core.spec.tasks.box import BoxTask
from mtl_core.spec.tasks.count import CountTask
from mtl_core.spec.tasks.distribution import DistributionTask
from mtl_core.spec.tasks.multiclass import MulticlassTask
from mtl_core.spec.tasks.multilabel import MultilabelTask
from mtl_core.spec.tasks.objective import ObjectiveTask
from mtl_core.spec.tasks.ordinal import OrdinalTask
from mtl_core.spec.tasks.plugin_metric import PluginMetric
from mtl_core.spec.tasks.regression import RegressionTask, TargetTransform
from mtl_core.spec.tasks.segmentation import SegmentationTask
from mtl_core.spec.tasks.survival import SurvivalTask
from mtl_core.spec.tasks.tagging import TaggingTask
from mtl_core.spec.unions import kind_of, members

_BuiltIn = (
    RegressionTask
    | BinaryTask
    | MulticlassTask
    | MultilabelTask
    | OrdinalTask
    | CountTask
    | DistributionTask
    | BoxTask
    | SurvivalTask
    | SegmentationTask
    | TaggingTask
    | ObjectiveTask
)
_BUILT_IN = tuple(cast(type[BaseTask], member) for member in members(_BuiltIn))
_PLUGINS = load_kinds(TASKS, BaseTask, broken_rule=partial(plugin_rules.broken_task_rule, _BUILT_IN))

TASK_KINDS = {kind_of(task_class): task_class for task_class in (*_BUILT_IN, *_PLUGINS)}
"""The class of each kind of task, in the order of menus."""

METRIC_PLUGINS: dict[str, type[PluginMetric]] = {
    kind_of(metric): metric
    for metric in load_kinds(METRICS, PluginMetric, broken_rule=partial(plugin_rules.broken_metric_rule, TASK_KINDS))
}
"""The metrics that other installed packages add, by kind, which is the metric's name."""

plugin_rules.add_metrics(TASK_KINDS, METRIC_PLUGINS.values())

if TYPE_CHECKING:
    Task = Annotated[_BuiltIn, Field(discriminator="kind")]
else:  # and the kinds of other installed packages
    Task = Annotated[Union[(_BuiltIn, *_PLUGINS)], Field(discriminator="kind")]


def _check_kind(kind: str) -> str:
    if kind not in TASK_KINDS:
        raise ValueError("must be one of " + ", ".join(TASK_KINDS))
    return kind


TaskKind = Annotated[str, AfterValidator(_check_kind)]
"""The name of a kind of task."""

TOTAL = "total"
"""The name of the combined loss among the tasks' series; no task may have it."""


_NOT_IN_NAMES = re.compile(r"[.\[\]/:=,\"'\s]+")


def unique_task_name(column: str, taken: Sequence[str]) -> str:
    """Derives the name of a task from its column: without characters that paths exclude, and not among those taken."""
    base = _NOT_IN_NAMES.sub(" ", column).strip() or "task"
    candidates = [base, *(f"{base} {i}" for i in range(2, len(taken) + 4))]
    return next(name for name in candidates if name not in taken and name != TOTAL)


def suggested_kinds(columns: Sequence[TargetColumn]) -> list[str]:
    """The kinds of task that target columns allow together, the most sensible first."""
    ranks = {kind: task.suggestion(columns) for kind, task in TASK_KINDS.items()}
    return sorted((kind for kind, rank in ranks.items() if rank is not None), key=lambda kind: ranks[kind] or 0)


def task_kind(task: Any) -> type[BaseTask]:
    """The class of a task given as spec data; the base class if its kind is unknown, as while it is edited."""
    return TASK_KINDS.get(str(task.get("kind")), BaseTask) if isinstance(task, Mapping) else BaseTask


__all__ = [
    "MAX_CLASSES",
    "METRIC_PLUGINS",
    "TASK_KINDS",
    "TOTAL",
    "BaseTask",
    "BinaryTask",
    "BoxTask",
    "Column",
    "CountTask",
    "Direction",
    "DistributionTask",
    "MulticlassTask",
    "MultilabelTask",
    "ObjectiveTask",
    "OrdinalTask",
    "Outputs",
    "PluginMetric",
    "RegressionTask",
    "SegmentationTask",
    "SurvivalTask",
    "TaggingTask",
    "TargetColumn",
    "TargetStatistics",
    "TargetTransform",
    "Task",
    "TaskKind",
    "TaskName",
    "column_name",
    "suggested_kinds",
    "task_kind",
    "unique_task_name",
]
