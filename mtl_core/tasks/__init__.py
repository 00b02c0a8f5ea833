"""Loss, metrics and decoding of the outputs of each kind of task."""

from mtl_core.tasks.registry import KINDS, build_task
from mtl_core.tasks.task_head import TaskHead
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import TaskMetric, TaskMetrics

__all__ = ["KINDS", "TaskHead", "TaskKind", "TaskMetric", "TaskMetrics", "build_task"]
