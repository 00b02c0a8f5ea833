"""What each kind of task needs while training: its loss, its metrics and how its outputs are read."""

from mtl_core.tasks.base import TaskHead
from mtl_core.tasks.metrics import TaskMetrics
from mtl_core.tasks.registry import KINDS, build_task

__all__ = ["KINDS", "TaskHead", "TaskMetrics", "build_task"]
