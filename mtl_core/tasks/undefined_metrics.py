"""Metrics that are undefined on some rows, and the reasons."""

from collections.abc import Iterable, Iterator, Mapping

from mtl_core.spec import BaseTask
from mtl_core.spec.tasks import TASK_KINDS

_BOTH = "it needs rows of both classes"
_VARY = "it needs labels and predictions of more than one class"
_SPREAD = "it needs targets and predictions that are not all the same"
_REASONS = {
    "auroc": _BOTH,
    "average_precision": _BOTH,
    "explained_variance": "it needs targets that are not all the same",
    "f1": "it needs a row that is positive or predicted so",
    "f1_micro": "it needs a row that is positive or predicted so",
    "kappa": _VARY,
    "map": "it needs a row with a label",
    "mape": "it needs targets other than 0",
    "mcc": _VARY,
    "pearson": _SPREAD,
    "precision": "it needs a row that is predicted positive",
    "quadratic_kappa": _VARY,
    "r2": "it needs targets that are not all the same",
    "recall": "it needs a positive row",
    "spearman": _SPREAD,
    "specificity": "it needs a negative row",
} | {metric: needs for kind in TASK_KINDS.values() for metric, needs in kind.metric_needs.items()}


def why_undefined(metric: str) -> str:
    """What rows a metric, or a loss, needs to be defined."""
    return _REASONS.get(metric, "no row has a label")


def undefined_metrics(
    tasks: Iterable[BaseTask], scores: Mapping[str, Mapping[str, float]], split: str
) -> Iterator[str]:
    """Yield a sentence for each metric that is undefined on the labeled rows of a split."""
    for task in tasks:
        values = scores.get(task.name, {})
        if "loss" not in values or values["loss"] != values["loss"]:  # NaN outputs say nothing about metrics
            continue
        for metric in task.metrics:
            if metric in _REASONS and metric not in values:
                yield f"{task.name}.{metric} is not defined on the {split} rows, and left out: {why_undefined(metric)}"
