"""Notes about gaps in labels: rows with some of their values, splits without any, classes unseen in training."""

from collections.abc import Iterator, Sequence

import numpy as np

from mtl_core.protocol.series_key import SPLITS
from mtl_core.spec import DataNote, shorten
from mtl_core.tabular.cells import column_setting
from mtl_core.tabular.column import Rows
from mtl_core.tasks.targets.labels import Labels

_MANY_CLASSES = 50
_FEW_ROWS = 10
"""A target with so many classes and fewer rows for each on average may be no category."""


def label_notes(labels: Sequence[Labels], splits: Sequence[Rows]) -> list[DataNote]:
    """Notes about the labels of tasks.

    Args:
        labels: The labels of each task.
        splits: The rows of each split.
    """
    return [note for task_labels in labels for note in _task_notes(task_labels, splits)]


def _task_notes(labels: Labels, splits: Sequence[Rows]) -> Iterator[DataNote]:
    yield from _incomplete_notes(labels)
    yield from _class_count_notes(labels)
    yield from _split_notes(labels, splits)


def _note(labels: Labels, what: str, count: int | None = None, fix: str = "") -> DataNote:
    name = labels.task.name
    return DataNote(place="task", name=name, what=f"Task {name!r}: {what}", count=count, fix=fix)


def _incomplete_notes(labels: Labels) -> Iterator[DataNote]:
    """Notes about rows that have only some of the values of a target."""
    if labels.incomplete_rows:
        have = "1 row has" if labels.incomplete_rows == 1 else f"{labels.incomplete_rows} rows have"
        count = len(labels.task.targets)
        what = f"{have} only some of the {count} values that belong together, and therefore no label."
        yield _note(labels, what, labels.incomplete_rows, "Fill the empty cells in.")
    if labels.value_mask is not None:
        rows = int((labels.labeled & ~labels.value_mask.all(1)).sum())
        have = "1 row has" if rows == 1 else f"{rows} rows have"
        what = f"{have} only some of its {labels.value_mask.shape[1]} values; each value that is there is used."
        yield _note(labels, what, rows)


def _class_count_notes(labels: Labels) -> Iterator[DataNote]:
    """The note that a target has so many classes that it may be no category."""
    count, rows = len(labels.classes), int(labels.labeled.sum())
    if labels.codes is None or count < _MANY_CLASSES or rows >= _FEW_ROWS * count:
        return
    column = labels.task.targets[0]
    what = f"column {column!r} is taken as {count} classes, of {rows / count:.1f} rows each in the mean."
    fix = f"If it is a number or a date, make it a regression and set {column_setting('types', column)} to numeric."
    yield _note(labels, what, count, fix)


def _split_notes(labels: Labels, splits: Sequence[Rows]) -> Iterator[DataNote]:
    """Notes about splits without labels, values or classes that other splits have."""
    for name, rows in zip(SPLITS[1:], splits[1:], strict=True):
        if not labels.labeled[rows].any():
            yield _note(labels, f"no row of the {name} split has a label.", 0, "Change dataset.split or add labels.")
    for name, rows in zip(SPLITS, splits, strict=True):
        if absent := _absent_values(labels, rows):
            names = shorten(", ".join(map(repr, absent)))
            yield _note(labels, f"no row of the {name} split has a value of {names}.", 0, "Change dataset.split.")
    if labels.codes is not None:
        training_codes = set(np.unique(labels.codes[splits[0]]).tolist())
        unseen = [name for code, name in enumerate(labels.classes) if code not in training_codes]
        if unseen:
            names = shorten(", ".join(map(repr, unseen)))
            fix = "Merge rare classes in the data, or take another dataset.split.seed."
            yield _note(labels, f"no training row is of class {names}.", len(unseen), fix)


def _absent_values(labels: Labels, rows: Rows) -> list[str]:
    """The values of a target that none of some rows has."""
    if labels.value_mask is None or not labels.labeled[rows].any():
        return []
    present = np.asarray(labels.value_mask[rows].any(0))
    names = labels.classes or labels.task.targets
    return [name for name, is_present in zip(names, present, strict=True) if not is_present]
