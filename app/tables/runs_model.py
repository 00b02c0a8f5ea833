"""The item model of the runs table: thousands of rows, sorted in the model, updated in place."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from operator import eq
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from app.tables.run_columns import BASE_COLUMNS, RunColumn, metric_columns, sort_order
from app.tables.run_rows import RunRow
from app.theme import resolve
from app.widgets import plain_tooltip

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_MANY_CHANGES = 200
# Combined once, as Python is slow at it and the view needs the flags of every selected cell.
_NO_FLAGS = Qt.ItemFlag.NoItemFlags
_PLAIN = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_EDITABLE = _PLAIN | Qt.ItemFlag.ItemIsEditable
ROW_ROLE = Qt.ItemDataRole.UserRole
"""The whole :class:`RunRow` of a cell."""


class RunsModel(QAbstractTableModel):
    """Rows of runs in sorted order.

    Name and star are edited in place: the model shows the change at once, and ``renamed`` or ``starred`` requests
    that it is stored.
    """

    renamed = Signal(int, str)
    starred = Signal(int, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns: list[RunColumn] = list(BASE_COLUMNS)
        self._rows: list[RunRow] = []
        self._sorted_by: tuple[str, bool] = ("id", True)

    def columns(self) -> tuple[RunColumn, ...]:
        """The columns, in the order of their sections; metric columns are added with the runs."""
        return tuple(self._columns)

    def column(self, key: str) -> int:
        """The section of a column, or -1."""
        return next((i for i, column in enumerate(self._columns) if column.key == key), -1)

    def rows(self) -> Sequence[RunRow]:
        """The rows as shown; not to be changed."""
        return self._rows

    def row_of(self, run: int) -> int:
        """Row of a run, or -1."""
        return next((i for i, row in enumerate(self._rows) if row.record.id == run), -1)

    def set_rows(self, rows: Sequence[RunRow]) -> None:
        """Replace the rows; runs that stay keep their selection and open editor.

        A row that is the same object as before counts as unchanged.
        """
        new = {row.record.id: row for row in rows}
        current_ids = {id(row) for row in self._rows}
        self._add_columns([row for row in rows if id(row) not in current_ids])
        old = {row.record.id for row in self._rows}
        if len(new.keys() ^ old) > _MANY_CHANGES:
            self.beginResetModel()
            self._rows = self._sort_rows(list(rows))
            self.endResetModel()
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
            self._reorder()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._columns) - 1)

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of runs."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Number of columns, including hidden ones."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Data of a cell."""
        if not index.isValid():
            return None
        return _cell_data(self._rows[index.row()], self._columns[index.column()], role)

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
                return _alignment(column)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """The name can be edited."""
        if not index.isValid():
            return _NO_FLAGS
        return _EDITABLE if self._columns[index.column()].key == "name" else _PLAIN

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename a run."""
        if not index.isValid() or role != Qt.ItemDataRole.EditRole or self._columns[index.column()].key != "name":
            return False
        row, name = self._rows[index.row()], str(value).strip()
        if not name or name == row.record.name:
            return False
        self._set_row(index.row(), replace(row, record=replace(row.record, name=name)))
        self.renamed.emit(row.record.id, name)
        return True

    def toggle_star(self, row: int) -> None:
        """Star a run, or take its star away."""
        old = self._rows[row]
        self._set_row(row, replace(old, record=replace(old.record, starred=not old.record.starred)))
        self.starred.emit(old.record.id, not old.record.starred)

    def _sort_arrow(self, key: str) -> str:
        by, descending = self._sorted_by
        return "" if key != by else " ↓" if descending else " ↑"

    def _set_row(self, position: int, row: RunRow) -> None:
        self._rows[position] = row
        self.dataChanged.emit(self.index(position, 0), self.index(position, len(self._columns) - 1))

    def _add_columns(self, rows: Sequence[RunRow]) -> None:
        keys = {column.key for column in self._columns}
        new_columns = [column for column in metric_columns(rows) if column.key not in keys]
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
        return [newest[i] for i in sort_order([rows[i] for i in newest], column, descending)]

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


def _cell_data(row: RunRow, column: RunColumn, role: int) -> Any:
    match role:
        case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
            return column.text(row)
        case Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        case Qt.ItemDataRole.ForegroundRole if row.record.archived:
            return QColor(resolve("muted"))
        case Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(_tooltip(row, column) or "")
        case Qt.ItemDataRole.AccessibleTextRole if column.key == "star":
            return "starred" if row.record.starred else "not starred"
        case _:
            return row if role == ROW_ROLE else None


def _alignment(column: RunColumn) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.numeric else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _tooltip(row: RunRow, column: RunColumn) -> str | None:
    if column.tip is not None:
        return column.tip(row) or None
    match column.key:
        case "star":
            return "Remove the star" if row.record.starred else "Star this run"
        case "state":
            return row.record.error or ("Archived" if row.record.archived else None)
        case "notes":
            return row.record.notes or None
        case "name" | "tasks" | "tags" | "dataset":
            return column.text(row) or None
    return None
