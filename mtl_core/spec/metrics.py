"""Which way each metric is better, and by which one a task is judged: known without torch."""

from typing import Literal

from mtl_core.spec.tasks import BaseTask

Direction = Literal["min", "max"]

DIRECTIONS: dict[str, Direction] = {
    "loss": "min",
    "accuracy": "max",
    "auroc": "max",
    "average_precision": "max",
    "balanced_accuracy": "max",
    "brier": "min",
    "calibration_error": "min",
    "deviance": "min",
    "dice": "max",
    "exact_match": "max",
    "explained_variance": "max",
    "f1": "max",
    "f1_micro": "max",
    "giou": "max",
    "iou": "max",
    "iou50": "max",
    "kappa": "max",
    "kl": "min",
    "log_loss": "min",
    "mae": "min",
    "map": "max",
    "mape": "min",
    "mcc": "max",
    "pearson": "max",
    "precision": "max",
    "quadratic_kappa": "max",
    "r2": "max",
    "recall": "max",
    "rmse": "min",
    "spearman": "max",
    "specificity": "max",
    "top3_accuracy": "max",
    "total_variation": "min",
    "value": "min",
}
"""By name; a name means the same whatever the kind of task."""

TRAINED = ("loss", "lr", "weight", "gradient conflicts", "gradient condition", "gradient norm")
"""Series of the training that any two runs can have in common.

The others are many, and of one model: what its sharing scheme learned, the gradients of two tasks or of one layer.
"""


def direction(task: BaseTask, metric: str) -> Direction:
    """Whether less or more of a task's metric, or of its ``loss``, is better.

    Raises:
        ValueError: The task has no such metric.
    """
    if metric != "loss" and metric not in task.metrics:
        raise ValueError(f"task {task.name} has no metric {metric}")
    return DIRECTIONS[metric]


def score_of(task: BaseTask) -> str:
    """The metric by which a task is judged, e.g. when models are compared."""
    return task.score_metric
