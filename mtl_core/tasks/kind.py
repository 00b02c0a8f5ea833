"""What the program needs torch for to know of a kind of task."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from mtl_core.spec import TargetInfo
from mtl_core.tabular.column import Rows
from mtl_core.tasks.base import TaskHead
from mtl_core.tasks.targets.labels import Labels, TargetSource


@dataclass(frozen=True)
class TaskKind:
    """A kind of task, from the cells of its target to the columns of its predictions.

    Attributes:
        read: From a task, what targets are read from and the task's place in the spec to its labels; raises an
            InputError where the columns are not there or do not suit the kind.
        info: From labels and the training rows to what the target looks like in these.
        tensor: From labels, what the target looks like, and some rows to the rows' targets as the loss takes them.
        build: From a task and what its target looks like to loss, metrics and reading of its outputs; raises an
            InputError where the target cannot serve such a task.
    """

    read: Callable[[Any, TargetSource, str], Labels]
    info: Callable[[Labels, Rows], TargetInfo]
    tensor: Callable[[Labels, TargetInfo, Rows], Tensor]
    build: Callable[[Any, TargetInfo], TaskHead]
