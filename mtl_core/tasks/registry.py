"""The kinds of task by name: ours, each in the module of its name, and those of other packages."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from importlib import import_module

from mtl_core.plugins import builder_of, plugin_fault
from mtl_core.spec import TargetInfo, Task
from mtl_core.spec.tasks import METRIC_PLUGINS, TASK_KINDS
from mtl_core.tasks.members import accept_members
from mtl_core.tasks.task_head import TaskHead, directions
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import TaskMetric


class _TaskKinds(Mapping[str, TaskKind]):
    """The kinds of :data:`mtl_core.spec.tasks.TASK_KINDS`; the module of each is imported when it is first used."""

    def __getitem__(self, kind: str) -> TaskKind:
        return _import_kind(kind)

    def __iter__(self) -> Iterator[str]:
        return iter(TASK_KINDS)

    def __len__(self) -> int:
        return len(TASK_KINDS)


@cache
def _import_kind(kind: str) -> TaskKind:
    spec_class = TASK_KINDS[kind]
    if not spec_class.builder:
        task_kind: TaskKind = import_module(f"mtl_core.tasks.kinds.{kind}").KIND
        return task_kind
    plugin_kind = getattr(builder_of(spec_class), "KIND", None)
    if not isinstance(plugin_kind, TaskKind):
        raise plugin_fault(spec_class, f"{spec_class.builder}.KIND must be a mtl_core.tasks.TaskKind", plugin_kind)
    return plugin_kind


KINDS: Mapping[str, TaskKind] = _TaskKinds()
"""The torch part of each kind of :data:`mtl_core.spec.Task`, by name."""


def build_task(task: Task, info: TargetInfo) -> TaskHead:
    """Build loss, metrics and decoding of a task.

    Args:
        task: The task.
        info: The description of its target.

    Raises:
        InputError: The target does not suit such a task.
        EnvironmentFault: A package that adds the kind or a metric cannot build it.
    """
    plugin_metrics = [name for name in task.metrics if name in METRIC_PLUGINS]
    if not plugin_metrics:
        return accept_members(KINDS[task.kind].build_head(task, info))
    own_metrics = tuple(name for name in task.metrics if name not in METRIC_PLUGINS)
    head = accept_members(KINDS[task.kind].build_head(task.model_copy(update={"metrics": own_metrics}), info))

    def build_metrics() -> dict[str, TaskMetric]:
        metrics = head.build_metrics() | {name: _build_plugin_metric(name, task, info) for name in plugin_metrics}
        return {name: metrics[name] for name in task.metrics}

    return replace(head, directions=directions(task), build_metrics=build_metrics)


def _build_plugin_metric(name: str, task: Task, info: TargetInfo) -> TaskMetric:
    """Build a metric of another package; if rows may lack some values, the mean of the metrics of the values."""
    if not (task.value_by_value and info.value_counts):
        return _import_metric(name, task, info)
    from mtl_core.tasks.partial_labels import mean_over_values

    value_info = info.model_copy(update={"width": 1, "value_counts": (), "classes": info.classes[:1]})
    return mean_over_values(partial(_import_metric, name, task, value_info), info.width)


def _import_metric(name: str, task: Task, info: TargetInfo) -> TaskMetric:
    spec_class = METRIC_PLUGINS[name]
    metric = builder_of(spec_class).build(task, info)
    if not isinstance(metric, TaskMetric):
        raise plugin_fault(spec_class, f"{spec_class.builder}.build must return a mtl_core.tasks.TaskMetric", metric)
    return metric
