"""By which metric a task is judged, and which way that metric is better."""

from typing import Literal

from mtl_core.spec.tasks import Task

Direction = Literal["min", "max"]

_LOWER_IS_BETTER = frozenset({"loss", "rmse", "mae"})


def direction(task: Task, metric: str) -> Direction:
    """Whether less or more of a metric is better."""
    return "min" if metric in _LOWER_IS_BETTER else "max"


def score_of(task: Task) -> str:
    """The metric a task is judged by: the first that it reports."""
    return task.metrics[0]
