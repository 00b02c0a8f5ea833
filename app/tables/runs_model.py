"""The item model of the runs table: thousands of rows, sorted in the model, updated in place."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from operator import eq
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from app.tables.run_cells import alignment, cell_data, group_data
from app.tables.run_columns import (
    BASE_COLUMNS,
    RunColumn,
    metric_columns,
    setting_column,
    sort_order,
)
from app.tables.run_groups import RunGroup, group_rows
from app.tables.run_rows import RunRow
from app.widgets import plain_tooltip

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_MANY_CHANGES = 200
_SLICE = 0.01
"""Seconds for which cells of groups are computed at once."""
# Combined once, as Python is slow at it and the view needs the flags of every selected cell.
_NO_FLAGS = Qt.ItemFlag.NoItemFlags
_PLAIN = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_EDITABLE = _PLAIN | Qt.ItemFlag.ItemIsEditable
Line = RunRow | RunGroup


class RunsModel(QAbstractTableModel):
    """Rows of runs in sorted order, in groups if :meth:`set_groups` is called; a group is a line above its runs.

    Name and star are edited in place: the model shows the change at once, and ``renamed`` or ``starred`` requests
    that it is stored.
    """

    renamed = Signal(int, str)
    starred = Signal(int, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns: list[RunColumn] = list(BASE_COLUMNS)
        self._rows: list[RunRow] = []
        self._lines: list[Line] | None = None  # None while there are no groups: the rows
        self._group_keys: tuple[str, ...] = ()
        self._opened: set[tuple[str, ...]] = set()
        self._reference: RunRow | None = None
        self._pending: dict[tuple[int, str], tuple[RunGroup, RunColumn]] = {}  # cells of groups to compute
        self._group_timer = QTimer(self, singleShot=True, interval=0)
        self._group_timer.timeout.connect(self._compute_cells)
        self._sorted_by: tuple[str, bool] = ("id", True)

    def columns(self) -> tuple[RunColumn, ...]:
        """The columns, in the order of their sections; metric columns are added with the runs."""
        return tuple(self._columns)

    def column(self, key: str) -> int:
        """The section of a column, or -1."""
        return next((i for i, column in enumerate(self._columns) if column.key == key), -1)

    def rows(self) -> Sequence[RunRow]:
        """The rows of all runs in sorted order, those of closed groups too; not to be changed."""
        return self._rows

    def lines(self) -> Sequence[Line]:
        """What the table shows, from top to bottom: runs, and groups of runs; not to be changed."""
        return self._rows if self._lines is None else self._lines

    def rows_at(self, line: int) -> tuple[RunRow, ...]:
        """The run of a line, or the runs of the group."""
        shown = self.lines()[line]
        return shown.rows if isinstance(shown, RunGroup) else (shown,)

    def row_of(self, run: int) -> int:
        """Line of a run, or -1; also -1 while its group is closed."""
        return next((i for i, line in enumerate(self.lines()) if _id_of(line) == run), -1)

    @property
    def group_keys(self) -> tuple[str, ...]:
        """The keys of the columns by which runs are grouped; empty without groups."""
        return self._group_keys

    @property
    def reference(self) -> int | None:
        """The run to which all others show their difference."""
        return None if self._reference is None else self._reference.record.id

    def set_groups(self, keys: Sequence[str]) -> None:
        """Group the runs by the values of some columns, or not at all without any."""
        if tuple(keys) != self._group_keys:
            self._group_keys, self._opened = tuple(keys), set()
            self._rebuild()

    def toggle_group(self, line: int) -> None:
        """Open or close the group of a line."""
        group = self.lines()[line]
        if isinstance(group, RunGroup):
            self._opened ^= {group.values}
            self._rebuild()

    def open_group_of(self, run: int) -> None:
        """Open the group that a run is in."""
        if self.row_of(run) < 0 and self._lines is not None:
            groups = [line for line in self._lines if isinstance(line, RunGroup)]
            for group in groups:
                if any(row.record.id == run for row in group.rows):
                    self._opened.add(group.values)
                    self._rebuild()

    def set_reference(self, run: int | None) -> None:
        """Show the difference to a run in every cell, with the run first; None for no run."""
        if run != self.reference:
            self._reference = next((row for row in self._rows if row.record.id == run), None)
            self._rebuild()

    def add_setting_columns(self, paths: Iterable[str]) -> None:
        """Add columns of settings, which are hidden until they are shown."""
        self._insert_columns([setting_column(path) for path in paths])

    def set_rows(self, rows: Sequence[RunRow]) -> None:
        """Replace the rows; runs that stay keep their selection and open editor.

        A row that is the same object as before counts as unchanged.
        """
        new = {row.record.id: row for row in rows}
        current_ids = {id(row) for row in self._rows}
        self._add_columns([row for row in rows if id(row) not in current_ids])
        old = {row.record.id for row in self._rows}
        if self._reference is not None:
            self._reference = new.get(self._reference.record.id, self._reference)
        if self._lines is not None or len(new.keys() ^ old) > _MANY_CHANGES:
            if any(id(row) not in current_ids for row in rows) or len(rows) != len(self._rows):
                self._rebuild(rows)
            return
        self._remove_rows([i for i, row in enumerate(self._rows) if row.record.id not in new])
        self._append_rows([row for row in rows if row.record.id not in old])
        self._replace_changed(new)
        self._reorder()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; rows without a value stay at the end."""
        if not 0 <= column < len(self._columns):
            return
        key = (self._columns[column].key, order == Qt.SortOrder.DescendingOrder)
        if key != self._sorted_by:  # the view calls this twice
            self._sorted_by = key
            if self._lines is None:
                self._reorder()
            else:
                self._rebuild()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._columns) - 1)

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of lines: runs, and groups."""
        return 0 if parent.isValid() else len(self.lines())

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Number of columns, including hidden ones."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Data of a cell."""
        if not index.isValid():
            return None
        line, column = self.lines()[index.row()], self._columns[index.column()]
        if isinstance(line, RunGroup):
            if not line.is_ready(column):
                if role == Qt.ItemDataRole.DisplayRole:
                    self._pending[id(line), column.key] = (line, column)
                    self._group_timer.start()
                return "…" if role == Qt.ItemDataRole.DisplayRole else None
            return group_data(line, column, role)
        return cell_data(line, column, role, self._reference)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Title and help of a column."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        column = self._columns[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                # As text, because the style draws its arrow over right-aligned titles.
                return column.title + self._sort_arrow(column.key)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(column.help or column.title)
            case Qt.ItemDataRole.TextAlignmentRole:
                return alignment(column)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """The name can be edited."""
        if not index.isValid():
            return _NO_FLAGS
        is_name = self._columns[index.column()].key == "name"
        return _EDITABLE if is_name and isinstance(self.lines()[index.row()], RunRow) else _PLAIN

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename a run."""
        if not index.isValid() or role != Qt.ItemDataRole.EditRole or self._columns[index.column()].key != "name":
            return False
        row, name = self.lines()[index.row()], str(value).strip()
        if isinstance(row, RunGroup) or not name or name == row.record.name:
            return False
        self._set_row(index.row(), replace(row, record=replace(row.record, name=name)))
        self.renamed.emit(row.record.id, name)
        return True

    def toggle_star(self, row: int) -> None:
        """Star the run of a line, or take its star away."""
        old = self.lines()[row]
        if isinstance(old, RunGroup):
            return
        self._set_row(row, replace(old, record=replace(old.record, starred=not old.record.starred)))
        self.starred.emit(old.record.id, not old.record.starred)

    def _compute_cells(self) -> None:
        """Compute cells of large groups for a moment, so that the window stays responsive."""
        end = time.perf_counter() + _SLICE
        while self._pending and time.perf_counter() < end:
            group, column = self._pending.pop(next(iter(self._pending)))
            group.text(column)
        if self._pending:
            self._group_timer.start()
        elif self._lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._lines) - 1, len(self._columns) - 1))

    def _sort_arrow(self, key: str) -> str:
        by, descending = self._sorted_by
        return "" if key != by else " ↓" if descending else " ↑"

    def _set_row(self, position: int, row: RunRow) -> None:
        if self._lines is None:
            self._rows[position] = row
        else:
            self._rows = [row if other.record.id == row.record.id else other for other in self._rows]
            self._lines[position] = row
        self.dataChanged.emit(self.index(position, 0), self.index(position, len(self._columns) - 1))

    def _add_columns(self, rows: Sequence[RunRow]) -> None:
        self._insert_columns(metric_columns(rows))

    def _insert_columns(self, columns: Iterable[RunColumn]) -> None:
        keys = {column.key for column in self._columns}
        new_columns = [column for column in columns if column.key not in keys]
        if new_columns:
            first = len(self._columns)
            self.beginInsertColumns(_ROOT, first, first + len(new_columns) - 1)
            self._columns += new_columns
            self.endInsertColumns()

    def _remove_rows(self, positions: list[int]) -> None:
        for position in reversed(positions):
            self.beginRemoveRows(_ROOT, position, position)
            del self._rows[position]
            self.endRemoveRows()

    def _append_rows(self, rows: list[RunRow]) -> None:
        if rows:
            first = len(self._rows)
            self.beginInsertRows(_ROOT, first, first + len(rows) - 1)
            self._rows += rows
            self.endInsertRows()

    def _replace_changed(self, new: dict[int, RunRow]) -> None:
        changed_indices = [i for i, row in enumerate(self._rows) if new[row.record.id] is not row]
        if changed_indices:
            self._rows = [new[row.record.id] for row in self._rows]
            last = len(self._columns) - 1
            self.dataChanged.emit(self.index(changed_indices[0], 0), self.index(changed_indices[-1], last))

    def _sort_rows(self, rows: list[RunRow]) -> list[RunRow]:
        return [rows[i] for i in self._sort_order(rows)]

    def _sort_order(self, rows: list[RunRow]) -> list[int]:
        key, descending = self._sorted_by
        numbers = [row.record.id for row in rows]
        newest = sorted(range(len(rows)), key=numbers.__getitem__, reverse=True)
        column = self._columns[max(self.column(key), 0)]
        order = [newest[i] for i in sort_order([rows[i] for i in newest], column, descending)]
        if self._reference is not None:
            order.sort(key=lambda i: rows[i].record.id != self.reference)
        return order

    def _rebuild(self, rows: Sequence[RunRow] | None = None) -> None:
        """Sort and group all rows anew, or other rows in their place; views first note what they have selected."""
        self.beginResetModel()
        self._rows = self._sort_rows(list(self._rows if rows is None else rows))
        by = [self._columns[section] for key in self._group_keys if (section := self.column(key)) >= 0]
        key, descending = self._sorted_by
        previous = [line for line in self._lines or () if isinstance(line, RunGroup)]
        self._lines = None
        self._pending.clear()
        if by:
            column = self._columns[max(self.column(key), 0)]
            groups = group_rows(
                self._rows,
                by,
                column,
                descending=descending,
                opened=self._opened,
                previous=previous,
            )
            self._lines = []
            for one in groups:
                self._lines += [one, *(one.rows if one.is_open else ())]
        self.endResetModel()

    def _reorder(self) -> None:
        order = self._sort_order(self._rows)
        if all(map(eq, order, count())):
            return
        self.layoutAboutToBeChanged.emit()
        place = {old: new for new, old in enumerate(order)}
        before = self.persistentIndexList()
        self._rows = [self._rows[i] for i in order]
        self.changePersistentIndexList(before, [self.index(place[i.row()], i.column()) for i in before])
        self.layoutChanged.emit()


def _id_of(line: Line) -> int:
    return -1 if isinstance(line, RunGroup) else line.record.id
