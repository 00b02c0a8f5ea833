"""The labels of an experiment's tasks."""

from collections.abc import Sequence

from mtl_core.spec import InputError, Task
from mtl_core.tabular.cells import setting_of
from mtl_core.tabular.column import Column
from mtl_core.tasks.registry import KINDS
from mtl_core.tasks.targets.labels import Labels, TargetSource


def read_labels(
    tasks: Sequence[Task],
    source: TargetSource,
    place: str = "tasks",
) -> list[Labels]:
    """The labels of each task.

    Args:
        tasks: The tasks.
        source: The data's columns and maps.
        place: Where in the spec the tasks stand.

    Raises:
        InputError: A target is not there, has no label, or does not suit the kind of task.
    """
    labels = []
    for i, task in enumerate(tasks):
        at = f"{place}[{i}]"
        read = KINDS[task.kind].read_labels(task, source, at)
        if not read.there.any():
            alone = len(task.targets) == 1 or task.value_by_value
            rule = "no row has a label" if alone else "no row has a label in all of these columns"
            raise _no_label(f"{at}.target", rule, source.columns_of(task, at))
        labels.append(read)
    return labels


def _no_label(where: str, rule: str, columns: Sequence[Column]) -> InputError:
    """That no row has a label, with the words that count as missing and how to have them as classes."""
    names, fix = ", ".join(column.name for column in columns), "Take another target."
    for column in columns:
        if words := [f"{text!r} in {count}" for text, count in column.missing if text]:
            names = f"{names} (cells that count as missing: {', '.join(words[:4])})"
            fix = f"Take another target, or set {setting_of('missing', column.name)} to [] to have them as classes."
            break
    return InputError(where, rule, found=names, fix=fix)
