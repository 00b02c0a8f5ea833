"""The kinds of task, each from the module of its name."""

from importlib import import_module

from mtl_core.spec import TargetInfo, Task
from mtl_core.spec.tasks import TASK_KINDS
from mtl_core.tasks.task_head import TaskHead
from mtl_core.tasks.task_kind import TaskKind

KINDS: dict[str, TaskKind] = {kind: import_module(f"mtl_core.tasks.kinds.{kind}").KIND for kind in TASK_KINDS}
"""By the name of the kind, which is registered in :data:`mtl_core.spec.Task`."""


def build_task(task: Task, info: TargetInfo) -> TaskHead:
    """Loss, metrics and reading of a task whose target looks as ``info`` says.

    Raises:
        InputError: The target cannot serve such a task.
    """
    return KINDS[task.kind].build_head(task, info)
