"""Rules for task kinds and metrics of other packages, and how metrics are added to kinds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from mtl_core.spec.tasks.base import BaseTask
from mtl_core.spec.tasks.plugin_metric import PluginMetric
from mtl_core.spec.unions import kind_of

_TASK_FIELDS = ("target", "loss", "metrics", "score")
_RESERVED_NAMES = frozenset(("loss", "lr", "weight"))


def broken_task_rule(built_in: Sequence[type[BaseTask]], task_class: type[BaseTask]) -> str:
    """The rule that a task kind of another package breaks; empty if it keeps them all.

    Args:
        built_in: The classes of our own kinds.
        task_class: The class to check.
    """
    for name in _TASK_FIELDS:
        if name not in task_class.model_fields:
            return f"needs a field {name!r}"
    names = task_class.metric_names()
    if not names or not all(isinstance(name, str) for name in names):
        return "needs 'metrics' of the type tuple[Literal[...], ...]"
    directions = {metric: kind.metric_direction(metric) for kind in built_in for metric in kind.metric_names()}
    for name in names:
        if name in _RESERVED_NAMES:
            return f"has a metric {name!r}, a name that is reserved"
        if directions.get(name, task_class.metric_direction(name)) != task_class.metric_direction(name):
            better = "less" if directions[name] == "min" else "more"
            return f"has the metric {name!r}, of which {better} is better in other kinds of task"
    return ""


def broken_metric_rule(kinds: Mapping[str, type[BaseTask]], metric: type[PluginMetric]) -> str:
    """The rule that a metric of another package breaks; empty if it keeps them all.

    Args:
        kinds: The kinds of task.
        metric: The class to check.
    """
    tasks = metric.tasks
    if not isinstance(tasks, tuple) or not all(isinstance(kind, str) for kind in tasks) or not set(tasks) & set(kinds):
        return "needs a tuple of kinds of task, one of which exists, as 'tasks'"
    if unknown := [kind for kind in tasks if kind not in kinds and "/" not in kind]:
        return f"is of the kind of task {unknown[0]!r}, which does not exist"
    if metric.better not in ("min", "max"):
        return "needs 'min' or 'max' as 'better'"
    return ""


def add_metrics(kinds: Mapping[str, type[BaseTask]], metrics: Iterable[type[PluginMetric]]) -> None:
    """Add the metrics of other packages to the classes of the kinds of task that can have them."""
    by_kind: dict[str, list[type[PluginMetric]]] = {}
    for metric in metrics:
        for kind in metric.tasks:
            by_kind.setdefault(kind, []).append(metric)
    for kind, additions in by_kind.items():
        if kind in kinds:
            _extend(kinds[kind], additions)


def _extend(task_class: type[BaseTask], metrics: Sequence[type[PluginMetric]]) -> None:
    by_name = {kind_of(metric): metric for metric in metrics}
    lower = tuple(name for name, metric in by_name.items() if metric.better == "min")
    task_class.lower_is_better = (*task_class.lower_is_better, *lower)
    task_class.metric_needs = {
        **task_class.metric_needs,
        **{name: metric.needs for name, metric in by_name.items() if metric.needs},
    }
    task_class.value_labels = {**task_class.value_labels, **{name: metric.title for name, metric in by_name.items()}}
    name_type: Any = Literal[(*task_class.metric_names(), *by_name)]
    fields = task_class.model_fields
    fields["metrics"].annotation = tuple[name_type, ...]
    fields["score"].annotation = name_type | None
    task_class.model_rebuild(force=True)
