"""Which builder makes the runtime of which kind of task."""

from collections.abc import Callable
from typing import Any

from mtl_core.spec import BinaryTask, MulticlassTask, RegressionTask, Spec, TargetInfo, Task
from mtl_core.tasks.base import TaskHead
from mtl_core.tasks.binary import build_binary
from mtl_core.tasks.multiclass import build_multiclass
from mtl_core.tasks.regression import build_regression

BUILDERS: dict[type[Spec], Callable[[Any, TargetInfo], TaskHead]] = {
    RegressionTask: build_regression,
    BinaryTask: build_binary,
    MulticlassTask: build_multiclass,
}
"""One builder per member of :data:`mtl_core.spec.Task`; a contract test holds it to that."""


def build_task(task: Task, info: TargetInfo) -> TaskHead:
    """Loss, metrics and reading of a task whose target looks as ``info`` says.

    Raises:
        InputError: The target cannot serve such a task.
    """
    return BUILDERS[type(task)](task, info)
