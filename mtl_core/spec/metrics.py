"""Which way each metric is better, and by which one a task is judged: known without torch."""

from mtl_core.spec.tasks import TASK_KINDS, BaseTask, Direction

DIRECTIONS: dict[str, Direction] = {
    metric: kind.metric_direction(metric) for kind in TASK_KINDS.values() for metric in ("loss", *kind.metric_names())
}
"""By name; a name means the same whatever the kind of task."""


def direction(task: BaseTask, metric: str) -> Direction:
    """Whether less or more of a task's metric, or of its ``loss``, is better.

    Raises:
        ValueError: The task has no such metric.
    """
    if metric != "loss" and metric not in task.metrics:
        raise ValueError(f"task {task.name} has no metric {metric}")
    return task.metric_direction(metric)


def score_of(task: BaseTask) -> str:
    """The metric by which a task is judged, e.g. when models are compared."""
    return task.score_metric
