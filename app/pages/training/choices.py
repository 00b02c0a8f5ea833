"""Choices that depend on the experiment or the machine: monitored metric, task to balance, device; without Qt."""

from collections.abc import Sequence
from typing import Any

from app.forms import metric_label
from app.task_references import monitor_names
from mtl_core.spec import DeviceInfo
from mtl_core.spec.tasks import task_kind

Choices = tuple[tuple[str, ...], tuple[str, ...]]
"""Values, and the label of each."""


def monitor_choices(data: dict[str, Any]) -> Choices:
    """What the best epoch can be chosen by."""
    values = tuple(monitor_names(data))
    return values, tuple(_monitor_label(value) for value in values)


def class_task_choices(data: dict[str, Any]) -> Choices:
    """The tasks whose classes can be balanced, after an empty value that stands for the first of them."""
    tasks = [task for task in data.get("tasks") or () if task_kind(task).row_classes]
    names = [str(task.get("name")) for task in tasks]
    first = f"The first with classes ({names[0]})" if names else "No task has classes"
    return ("", *names), (first, *names)


def device_choices(devices: Sequence[DeviceInfo]) -> Choices:
    """The devices of this machine, after ``auto``."""
    best = next((d for d in devices if d.name.startswith("cuda")), devices[0] if devices else None)
    automatic = f"Automatic: {best.label}" if best else "Automatic"
    selectable = [d for d in devices if d.name != "auto"]
    return ("auto", *(d.name for d in selectable)), (automatic, *(d.label for d in selectable))


def _monitor_label(value: str) -> str:
    task, dot, metric = value.partition(".")
    return f"{task} · {metric_label(metric)}" if dot else "Total loss"
