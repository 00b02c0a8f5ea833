"""What a kind of task does with torch, from the cells of its target to the columns of its predictions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from mtl_core.spec import TargetInfo
from mtl_core.tabular.column import Rows
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.task_head import TaskHead


@dataclass(frozen=True)
class TaskKind:
    """The functions of a kind of task.

    Attributes:
        read_labels: From a task, the source of its target, and the task's place in the spec to its labels; raises an
            InputError where the columns do not exist or do not suit the kind.
        target_info: From labels and the training rows to the description of the target in those rows.
        target_tensor: From labels, the description of the target, and some rows to these rows' targets as the loss
            takes them.
        build_head: From a task and the description of its target to loss, metrics and decoding of its outputs; raises
            an InputError where the target does not suit such a task.
    """

    read_labels: Callable[[Any, TargetSource, str], Labels]
    target_info: Callable[[Labels, Rows], TargetInfo]
    target_tensor: Callable[[Labels, TargetInfo, Rows], Tensor]
    build_head: Callable[[Any, TargetInfo], TaskHead]
