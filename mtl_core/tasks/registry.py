"""Which builder makes the runtime of which kind of task."""

from collections.abc import Callable
from typing import Any

from mtl_core.spec import TargetInfo, Task
from mtl_core.tasks.base import TaskHead
from mtl_core.tasks.kinds.binary import build_binary
from mtl_core.tasks.kinds.box import build_box
from mtl_core.tasks.kinds.count import build_count
from mtl_core.tasks.kinds.distribution import build_distribution
from mtl_core.tasks.kinds.multiclass import build_multiclass
from mtl_core.tasks.kinds.multilabel import build_multilabel
from mtl_core.tasks.kinds.objective import build_objective
from mtl_core.tasks.kinds.ordinal import build_ordinal
from mtl_core.tasks.kinds.regression import build_regression
from mtl_core.tasks.kinds.segmentation import build_segmentation
from mtl_core.tasks.kinds.tagging import build_tagging

BUILDERS: dict[str, Callable[[Any, TargetInfo], TaskHead]] = {
    "regression": build_regression,
    "binary": build_binary,
    "multiclass": build_multiclass,
    "multilabel": build_multilabel,
    "ordinal": build_ordinal,
    "count": build_count,
    "distribution": build_distribution,
    "box": build_box,
    "segmentation": build_segmentation,
    "tagging": build_tagging,
    "objective": build_objective,
}
"""One builder per kind of :data:`mtl_core.spec.Task`; a contract test holds it to that."""


def build_task(task: Task, info: TargetInfo) -> TaskHead:
    """Loss, metrics and reading of a task whose target looks as ``info`` says.

    Raises:
        InputError: The target cannot serve such a task.
    """
    return BUILDERS[task.kind](task, info)
