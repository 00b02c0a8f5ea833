"""Read the labels of an experiment's tasks."""

from collections.abc import Sequence

from mtl_core.spec import InputError, Task
from mtl_core.tabular.cells import column_setting
from mtl_core.tabular.column import Column
from mtl_core.tasks.registry import KINDS
from mtl_core.tasks.targets.labels import Labels, TargetSource


def read_labels(
    tasks: Sequence[Task],
    source: TargetSource,
    place: str = "tasks",
) -> list[Labels]:
    """Read the labels of each task.

    Args:
        tasks: The tasks.
        source: The data's columns and maps.
        place: The place of the tasks in the spec.

    Raises:
        InputError: A target does not exist, has no label, or does not suit the kind of task.
    """
    labels = []
    for i, task in enumerate(tasks):
        at = f"{place}[{i}]"
        task_labels = KINDS[task.kind].read_labels(task, source, at)
        if not task_labels.labeled.any():
            needs_one_column = len(task.targets) == 1 or task.value_by_value
            rule = "no row has a label" if needs_one_column else "no row has a label in all of these columns"
            raise _no_label_error(f"{at}.target", rule, source.columns_of(task, at))
        labels.append(task_labels)
    return labels


def _no_label_error(where: str, rule: str, columns: Sequence[Column]) -> InputError:
    """The error that no row has a label, with the texts that count as missing and how to make them classes."""
    names, fix = ", ".join(column.name for column in columns), "Take another target."
    for column in columns:
        if words := [f"{text!r} in {count}" for text, count in column.missing if text]:
            names = f"{names} (cells that count as missing: {', '.join(words[:4])})"
            fix = f"Take another target, or set {column_setting('missing', column.name)} to [] to have them as classes."
            break
    return InputError(where, rule, found=names, fix=fix)
