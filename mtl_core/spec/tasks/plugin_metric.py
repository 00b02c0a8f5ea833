"""What a metric of another package inherits."""

from typing import ClassVar

from mtl_core.spec.base import Spec
from mtl_core.spec.tasks.base import Direction


class PluginMetric(Spec):
    """A metric that another package adds to kinds of task.

    Attributes:
        builder: The module whose ``build(task, info)`` returns the metric, a :class:`mtl_core.tasks.TaskMetric`, for a
            task and the description of its target (:class:`mtl_core.spec.TargetInfo`).
        tasks: The kinds of task that can have it.
        better: Whether less or more of it is better.
        needs: What rows need for it to be defined, such as ``it needs rows of both classes``; empty if one labeled row
            is enough.
    """

    builder: ClassVar[str] = ""
    tasks: ClassVar[tuple[str, ...]] = ()
    better: ClassVar[Direction] = "max"
    needs: ClassVar[str] = ""
