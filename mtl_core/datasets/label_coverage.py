"""What the labels of tasks lack: rows with some of their values, splits without any, classes unseen in training."""

from collections.abc import Iterator, Sequence

import numpy as np

from mtl_core.datasets.splits import SPLITS
from mtl_core.spec import DataNote, shorten
from mtl_core.tabular.cells import column_setting
from mtl_core.tabular.column import Rows
from mtl_core.tasks.targets.labels import Labels

_MANY = 50
_FEW_ROWS = 10
"""Classes of a target, and rows of each in the mean, from which on and below which it may be no category."""


def label_notes(labels: Sequence[Labels], parts: Sequence[Rows]) -> list[DataNote]:
    """Notes about the labels of tasks.

    Args:
        labels: Of each task.
        parts: The rows of each split.
    """
    return [note for one in labels for note in (*_incomplete(one), *_many_classes(one), *_gaps(one, parts))]


def _note(labels: Labels, what: str, count: int | None = None, fix: str = "") -> DataNote:
    name = labels.task.name
    return DataNote(place="task", name=name, what=f"Task {name!r}: {what}", count=count, fix=fix)


def _incomplete(labels: Labels) -> Iterator[DataNote]:
    if labels.incomplete:
        have = "1 row has" if labels.incomplete == 1 else f"{labels.incomplete} rows have"
        count = len(labels.task.targets)
        what = f"{have} only some of the {count} values that belong together, and therefore no label."
        yield _note(labels, what, labels.incomplete, "Fill the empty cells in.")
    if labels.parts is not None:
        rows = int((labels.there & ~labels.parts.all(1)).sum())
        have = "1 row has" if rows == 1 else f"{rows} rows have"
        what = f"{have} only some of its {labels.parts.shape[1]} values; each value that is there is used."
        yield _note(labels, what, rows)


def _many_classes(labels: Labels) -> Iterator[DataNote]:
    count, rows = len(labels.classes), int(labels.there.sum())
    if labels.codes is None or count < _MANY or rows >= _FEW_ROWS * count:
        return
    column = labels.task.targets[0]
    what = f"column {column!r} is taken as {count} classes, of {rows / count:.1f} rows each in the mean."
    fix = f"If it is a number or a date, make it a regression and set {column_setting('types', column)} to numeric."
    yield _note(labels, what, count, fix)


def _gaps(labels: Labels, parts: Sequence[Rows]) -> Iterator[DataNote]:
    for name, rows in zip(SPLITS[1:], parts[1:], strict=True):
        if not labels.there[rows].any():
            yield _note(labels, f"no row of the {name} split has a label.", 0, "Change dataset.split or add labels.")
    for name, rows in zip(SPLITS, parts, strict=True):
        if absent := _absent_values(labels, rows):
            names = shorten(", ".join(map(repr, absent)))
            yield _note(labels, f"no row of the {name} split has a value of {names}.", 0, "Change dataset.split.")
    if labels.codes is not None:
        seen = set(np.unique(labels.codes[parts[0]]).tolist())
        unseen = [name for code, name in enumerate(labels.classes) if code not in seen]
        if unseen:
            names = shorten(", ".join(map(repr, unseen)))
            fix = "Merge rare classes in the data, or take another dataset.split.seed."
            yield _note(labels, f"no training row is of class {names}.", len(unseen), fix)


def _absent_values(labels: Labels, rows: Rows) -> list[str]:
    """The values that no row of some labelled rows has."""
    if labels.parts is None or not labels.there[rows].any():
        return []
    present = np.asarray(labels.parts[rows].any(0))
    return [name for name, there in zip(labels.classes or labels.task.targets, present, strict=True) if not there]
