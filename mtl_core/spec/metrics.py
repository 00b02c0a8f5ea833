"""The direction of each metric, and the score metric of a task; known without torch."""

from mtl_core.spec.tasks import TASK_KINDS, BaseTask, Direction

DIRECTIONS: dict[str, Direction] = {
    metric: kind.metric_direction(metric) for kind in TASK_KINDS.values() for metric in ("loss", *kind.metric_names())
}
"""The direction of each metric by name, which has one meaning for all kinds of task."""


def direction(task: BaseTask, metric: str) -> Direction:
    """Whether a lower or a higher value of a task's metric, or of its ``loss``, is better.

    Raises:
        ValueError: The task has no such metric.
    """
    if metric != "loss" and metric not in task.metrics:
        raise ValueError(f"task {task.name} has no metric {metric}")
    return task.metric_direction(metric)


def score_of(task: BaseTask) -> str:
    """The metric by which models are compared on a task."""
    return task.score_metric
