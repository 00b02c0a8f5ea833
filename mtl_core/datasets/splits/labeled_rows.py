"""The rows that are divided into splits, and what a kind of split needs of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import DataNote, InputError, shorten
from mtl_core.tabular.column import Column, Rows
from mtl_core.tabular.column_lookup import find_column
from mtl_core.tasks.targets.labels import Labels

_MIN_CLASS_ROWS = 3
"""A class with fewer labeled rows cannot be in every split."""


@dataclass(frozen=True)
class Assignment:
    """The result of a kind of split.

    Attributes:
        split_of_row: TRAIN, VAL, TEST or UNUSED for each of the divided rows.
        notes: About decisions that were made.
    """

    split_of_row: NDArray[np.int8]
    notes: tuple[DataNote, ...] = ()


@dataclass(frozen=True)
class LabeledRows:
    """The rows of a data set in which some task has a label.

    Attributes:
        rows: Their indices in the data.
        columns: The data's columns by name.
        labels: The labels of the tasks that choose the rows, of all rows of the data.
    """

    rows: Rows
    columns: Mapping[str, Column]
    labels: Sequence[Labels] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str, setting: str = "column") -> Column:
        """A column that divides the rows.

        Args:
            name: Its name.
            setting: The setting of ``dataset.split`` that names it.

        Raises:
            InputError: There is no such column, or it is empty.
        """
        column = find_column(self.columns, name, f"dataset.split.{setting}")
        if not column.present[self.rows].any():
            raise InputError(f"dataset.split.{setting}", "no row has a value in this column", found=repr(name))
        return column

    def groups(self, name: str, setting: str = "column") -> tuple[NDArray[np.int64], tuple[DataNote, ...]]:
        """The group of each row, ``[rows]`` from 0, and notes; a row without a group is one of its own.

        Raises:
            InputError: As of :meth:`column`.
        """
        codes = self.column(name, setting).codes[self.rows]
        missing = codes < 0
        codes = np.where(missing, codes.max() + np.cumsum(missing), codes)
        groups: NDArray[np.int64] = np.unique(codes, return_inverse=True)[1].reshape(-1).astype(np.int64)
        if not missing.any():
            return groups, ()
        count = int(missing.sum())
        have = "1 row has no value of {} and is a group" if count == 1 else f"{count} rows have no value of {{}}, each"
        what = f"{have.format(repr(name))} {'of its own' if count == 1 else 'is a group of its own'}."
        return groups, (DataNote(place="split", name=name, what=what, count=count),)

    def strata(self) -> tuple[list[NDArray[np.int64]], tuple[DataNote, ...]]:
        """What to stratify by, ``[rows]`` for each target with classes in more than one stratum, and notes."""
        keys: list[NDArray[np.int64]] = []
        notes: list[DataNote] = []
        for task_labels in self.labels:
            if rare := _rare_classes(task_labels):
                name = task_labels.task.name
                what = f"The split is not stratified by {name!r}: {rare}."
                fix = "Merge rare classes in the data, or add rows."
                notes.append(DataNote(place="split", name=name, what=what, fix=fix))
            elif len(np.unique(task_labels.strata[self.rows])) > 1:
                keys.append(task_labels.strata[self.rows])
        return keys, tuple(notes)


def _rare_classes(labels: Labels) -> str:
    """Which classes have too few rows to be in every split; empty where all have enough."""
    if labels.codes is None:
        return ""
    counts = np.bincount(labels.codes[labels.labeled], minlength=len(labels.classes))
    rare = [name for name, count in zip(labels.classes, counts, strict=True) if count < _MIN_CLASS_ROWS]
    if not rare:
        return ""
    names = shorten(", ".join(map(repr, rare[:4])) + (" …" if len(rare) > 4 else ""))
    return f"{len(rare)} of its classes have fewer than {_MIN_CLASS_ROWS} rows ({names})"
