"""What a list of reviewed rows does to labels and splits.

Rows are left out after the data were divided, and labels are changed after that too, so that the rows of a split stay
what they are without the list.
"""

import json
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from mtl_core.datasets.source import Source
from mtl_core.errors import InputError, shorten
from mtl_core.protocol.series_key import SPLITS
from mtl_core.spec import DataNote, Dataset
from mtl_core.tabular.column import Column, Rows, format_number, parse_number
from mtl_core.tabular.readers.table_file import file_stamp
from mtl_core.tabular.reviewed_list import Label, ReviewedLine, ReviewedList, read_reviewed_list
from mtl_core.tabular.values.dates import date_text
from mtl_core.tasks.registry import KINDS
from mtl_core.tasks.targets.labels import Labels, TargetSource

_PLACE = "dataset.reviewed"
_ORDERED_VALUES = ("survival", "objective")
"""Kinds of tasks whose numbers are no labels that can be stated one by one."""


def reviewed_stamp(dataset: Dataset) -> Hashable:
    """What changes whenever the list of a data set does; None where it has none.

    Raises:
        InputError: There is no such file.
    """
    return None if dataset.reviewed is None else file_stamp(dataset.reviewed, _PLACE)


def row_digest(source: Source, row: int) -> str:
    """Digest of the cells of a row, and of its pictures and sounds, whatever the order of the columns.

    Args:
        source: The data.
        row: Index of the row, from 0.
    """
    cells = sorted((name, _cell(column, row)) for name, column in source.columns.items())
    digest = blake2b(json.dumps(cells, ensure_ascii=False).encode("utf-8", "replace"), digest_size=8)
    for name, pixels in sorted(source.pictures.items()):
        digest.update(name.encode() + np.ascontiguousarray(pixels[row]).tobytes())
    for name, waveforms in sorted(source.sounds.items()):
        digest.update(name.encode() + np.ascontiguousarray(waveforms.samples[row]).tobytes())
    return digest.hexdigest()


def _cell(column: Column, row: int) -> str:
    """A cell as text: equal numbers are equal whether the column is read as numbers or as categories."""
    if not column.present[row]:
        return ""
    if column.type == "numeric":
        value = float(column.numbers[row])
        return date_text(value, order=column.format.dates) if column.format.dates else format_number(value)
    text = column.texts[column.text[row]]
    number = parse_number(text)
    return text if number is None or not np.isfinite(number) else format_number(number)


@dataclass(frozen=True)
class ReviewedData:
    """Labels and splits after a list was applied.

    Attributes:
        labels: The labels of each task.
        splits: The rows of each split.
        notes: What was applied.
        digest: Hash of what the list says; empty where it says nothing.
    """

    labels: list[Labels]
    splits: list[Rows]
    notes: tuple[DataNote, ...] = ()
    digest: str = ""


def apply_reviewed_list(
    dataset: Dataset, source: Source, labels: Sequence[Labels], splits: Sequence[Rows]
) -> ReviewedData:
    """Leave out rows and change labels as the list of a data set says; without a list nothing changes.

    Raises:
        InputError: The list cannot be read, a line is not valid or names a row that has changed, or a split would be
            left without rows.
    """
    if dataset.reviewed is None:
        return ReviewedData(list(labels), list(splits))
    reviewed = read_reviewed_list(dataset.reviewed)
    _check_rows(reviewed, source)
    name = Path(reviewed.path).name
    left_out = np.array(reviewed.left_out, np.int64) - 1
    kept = [rows[~np.isin(rows, left_out)] for rows in splits]
    removed = [len(before) - len(after) for before, after in zip(splits, kept, strict=True)]
    for split, before, after in zip(SPLITS, splits, kept, strict=True):
        if len(before) and not len(after):
            raise InputError(_PLACE, f"leaves out every row of the {split} split", found=f"{len(before)} rows")
    changed, absent, label_counts = _relabel(reviewed, labels, np.concatenate(kept))
    without_digest = sum(not line.cells for _, line in reviewed.in_force.values())
    unused = len(reviewed.in_force) - sum(removed) - sum(label_counts.values()) - sum(absent.values())
    notes = (
        *_left_out_notes(name, removed),
        *_relabel_notes(name, label_counts, absent),
        *_other_notes(name, unused, without_digest),
    )
    decisions = [[row, task, line.action, line.label] for (row, task), (_, line) in reviewed.in_force.items()]
    text = json.dumps(decisions, ensure_ascii=False)
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest() if decisions else ""
    return ReviewedData(changed, kept, notes, digest)


def _check_rows(reviewed: ReviewedList, source: Source) -> None:
    """Check that the rows of the list are there, and are what they were when they were reviewed."""
    mismatches = []
    for number, line in reviewed.in_force.values():
        if line.row > source.rows:
            rule = f"line {number} names row {line.row}, but the data have {source.rows} rows"
            raise InputError(_PLACE, rule, found=Path(reviewed.path).name, fix=_FIX)
        if line.cells and line.cells != row_digest(source, line.row - 1):
            mismatches.append((number, line.row))
    if mismatches:
        number, row = mismatches[0]
        more = f", and so do {len(mismatches) - 1} more lines" if len(mismatches) > 1 else ""
        rule = f"line {number} names row {row}, whose cells have changed since it was reviewed{more}"
        raise InputError(_PLACE, rule, found=Path(reviewed.path).name, fix=_FIX)


_FIX = "Put the old data back, or delete the line or correct its row and cells."


def _relabel(
    reviewed: ReviewedList, labels: Sequence[Labels], used_rows: Rows
) -> tuple[list[Labels], Counter[str], Counter[str]]:
    """The labels with those of the list, and the numbers of lines by task that the experiment lacks and that it has."""
    by_task = {task_labels.task.name: index for index, task_labels in enumerate(labels)}
    lines: dict[str, list[tuple[int, ReviewedLine]]] = {}
    absent: Counter[str] = Counter()
    used = set(used_rows.tolist())
    for (row, task), numbered in reviewed.in_force.items():
        if not task:
            continue
        if task not in by_task:
            absent[task] += 1
        elif row - 1 in used:
            lines.setdefault(task, []).append(numbered)
    changed = list(labels)
    for task, task_lines in lines.items():
        changed[by_task[task]] = _change_labels(labels[by_task[task]], task_lines)
    return changed, absent, Counter({task: len(task_lines) for task, task_lines in lines.items()})


def _change_labels(labels: Labels, lines: Sequence[tuple[int, ReviewedLine]]) -> Labels:
    labeled = labels.labeled.copy()
    codes = None if labels.codes is None else labels.codes.copy()
    numbers = None if labels.numbers is None else labels.numbers.copy()
    mask = None if labels.value_mask is None else labels.value_mask.copy()
    for number, line in lines:
        row = line.row - 1
        value = None if line.label is None else _label_value(labels, line.label, f"line {number}")
        labeled[row] = value is not None
        if codes is not None:
            codes[row] = -1 if value is None else value
        elif numbers is not None:
            numbers[row] = np.nan if value is None else value
            if mask is not None:
                mask[row] = value is not None
    return replace(labels, labeled=labeled, codes=codes, numbers=numbers, value_mask=mask)


def _label_value(labels: Labels, label: Label, line: str) -> Any:
    """A label as its code or its numbers ``[W]``."""
    name, kind = labels.task.name, labels.task.kind
    if labels.codes is not None:
        text = format_number(label) if isinstance(label, float | int) else label
        if text not in labels.classes:
            raise _label_error(f"{line}: task {name!r} has no such class", label, labels.classes)
        return labels.classes.index(text)
    if kind == "multilabel":
        names = (label,) if isinstance(label, str) else label
        if not isinstance(names, tuple) or not set(names) <= set(labels.classes):
            raise _label_error(f"{line}: task {name!r} needs a list of its labels", label, labels.classes)
        return np.array([float(of in names) for of in labels.classes])
    if labels.numbers is None or kind in _ORDERED_VALUES:
        raise InputError(_PLACE, f"{line}: labels of a {kind} task cannot be changed, only rows left out", found=name)
    values = label if isinstance(label, tuple) else (label,)
    width = labels.numbers.shape[1]
    if len(values) != width or not all(isinstance(value, float | int) for value in values):
        rule = f"{line}: task {name!r} needs {'a number' if width == 1 else f'a list of {width} numbers'}"
        raise InputError(_PLACE, rule, found=shorten(repr(label)))
    return _checked_numbers(labels, values, line)


def _checked_numbers(labels: Labels, values: Sequence[Any], line: str) -> Any:
    """The numbers as the task's kind reads them, in columns of one row."""
    columns = {
        target: Column(target, "numeric", np.array([float(value)]), np.array([-1]))
        for target, value in zip(labels.task.targets, values, strict=True)
    }
    try:
        read = KINDS[labels.task.kind].read_labels(labels.task, TargetSource(columns), "tasks")
    except InputError as error:
        rule = f"{line}: {error.problem.rule}"
        raise InputError(_PLACE, rule, found=shorten(repr(values)), fix=error.problem.fix) from None
    assert read.numbers is not None
    return read.numbers[0]


def _label_error(rule: str, label: Label, names: Sequence[str]) -> InputError:
    fix = "There are " + shorten(", ".join(map(repr, names)), 200) + "."
    return InputError(_PLACE, rule, found=shorten(repr(label)), fix=fix)


def _left_out_notes(name: str, removed: Sequence[int]) -> list[DataNote]:
    count = sum(removed)
    if not count:
        return []
    parts = ", ".join(f"{n} of {split}" for split, n in zip(SPLITS, removed, strict=True) if n)
    what = f"{_count(count, 'row is', 'rows are')} left out by the reviewed list {name} ({parts})."
    return [DataNote(place="file", what=what, count=count)]


def _relabel_notes(name: str, counts: Counter[str], absent: Counter[str]) -> list[DataNote]:
    notes = []
    for task, count in counts.items():
        what = f"Task {task!r}: {_count(count, 'label is', 'labels are')} changed by the reviewed list {name}."
        notes.append(DataNote(place="task", name=task, what=what, count=count))
    if absent:
        names = shorten(", ".join(map(repr, absent)))
        count = sum(absent.values())
        labels = _count(count, "label", "labels")
        what = f"{labels} of the reviewed list {name} had no effect: there is no task {names}."
        notes.append(DataNote(place="file", what=what, count=count))
    return notes


def _other_notes(name: str, unused: int, without_digest: int) -> list[DataNote]:
    notes = []
    if unused:
        lines = _count(unused, "line", "lines")
        what = f"{lines} of the reviewed list {name} had no effect: the rows are in no split, or are left out."
        notes.append(DataNote(place="file", what=what, count=unused))
    if without_digest:
        lines = _count(without_digest, "line", "lines")
        what = f"{lines} of the reviewed list {name} without the digest of the cells went by the number of the row."
        notes.append(DataNote(place="file", what=what, count=without_digest))
    return notes


def _count(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"
