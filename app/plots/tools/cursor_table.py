"""The table of the values of all curves of a page at the cursor, with pinned positions beside it."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.plots.curves.readout import Row
from app.theme import resolve
from app.widgets import Button, Card
from mtl_core.csv_file import escape_cell, format_numbers

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_HEIGHT = 210
_FIXED = ("plot", "curve")


@dataclass(frozen=True)
class CursorValues:
    """The values of all curves at one position.

    Attributes:
        head: The position with its unit.
        rows: The values by plot and curve.
    """

    head: str
    rows: dict[tuple[str, str], Row]


class _Model(QAbstractTableModel):
    """Rows are curves; columns are their names, the position of the cursor, and the pinned positions."""

    def __init__(self) -> None:
        super().__init__()
        self.columns: list[CursorValues] = []
        self.keys: list[tuple[str, str]] = []

    def show_columns(self, columns: Sequence[CursorValues]) -> None:
        keys = list(dict.fromkeys(key for column in columns for key in column.rows))
        if keys == self.keys and len(columns) == len(self.columns):
            self.columns = list(columns)
            last = self.index(len(keys) - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, len(_FIXED)), last)
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, len(_FIXED), self.columnCount() - 1)
            return
        self.beginResetModel()
        self.columns, self.keys = list(columns), keys
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.keys)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(_FIXED) + len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return _FIXED[section] if section < len(_FIXED) else self.columns[section - len(_FIXED)].head

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        key, number = self.keys[index.row()], index.column() - len(_FIXED)
        if role == Qt.ItemDataRole.DisplayRole:
            if number < 0:
                return key[index.column()]
            row = self.columns[number].rows.get(key)
            return "" if row is None else row.value
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 1:
            row = next((column.rows[key] for column in self.columns if key in column.rows), None)
            return None if row is None else QColor(resolve(row.color))
        if role == Qt.ItemDataRole.TextAlignmentRole and number >= 0:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


class CursorTable(Card):
    """Values at the cursor, and at the positions that were pinned; hidden until it is asked for.

    Args:
        page: Name of the page; the object names begin with it.
        parent: Owner.
    """

    def __init__(self, page: str, parent: QWidget | None = None) -> None:
        super().__init__("Values at the cursor", "a click on a plot pins its position", parent)
        self.setObjectName(f"{page}-values-card")
        self._now: CursorValues | None = None
        self._pinned: list[CursorValues] = []
        self._model = _Model()
        self.view = QTableView()
        self.view.setObjectName(f"{page}-values-table")
        self.view.setAccessibleName("Values of all curves at the cursor")
        self.view.setModel(self._model)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.verticalHeader().hide()
        self.view.setShowGrid(False)
        self.view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.view.setMinimumHeight(80)
        self.copy_text = Button("Copy as text", lambda: self._copy(self.as_text()), name=f"{page}-values-copy-text")
        self.copy_csv = Button("Copy as CSV", lambda: self._copy(self.as_csv()), name=f"{page}-values-copy-csv")
        self.unpin = Button("Unpin all", self.clear_pins, name=f"{page}-values-unpin")
        for button in (self.copy_text, self.copy_csv, self.unpin):
            self.header.addWidget(button)
        self.body.addWidget(self.view)
        self.setFixedHeight(_HEIGHT)
        self._show()
        self.hide()

    @property
    def pins(self) -> list[CursorValues]:
        """What was pinned, oldest first."""
        return list(self._pinned)

    def show_values(self, values: CursorValues) -> None:
        """Show the values at the cursor."""
        self._now = values
        self._show()

    def pin(self, values: CursorValues) -> None:
        """Keep values in a column of their own; a position that is pinned already is left as it is."""
        if values.head not in {pin.head for pin in self._pinned}:
            self._pinned.append(values)
            self._show()

    def clear_pins(self) -> None:
        """Remove the pinned columns."""
        self._pinned = []
        self._show()

    def clear(self) -> None:
        """Remove all values, such as those of another run."""
        self._now, self._pinned = None, []
        self._show()

    def as_text(self) -> str:
        """The table as text, with tabs between the cells, which spreadsheets take as columns."""
        return "\n".join("\t".join(cells) for cells in self._cells(exact=False))

    def as_csv(self) -> str:
        """The table as CSV, with all digits."""
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(map(escape_cell, cells) for cells in self._cells(exact=True))
        return out.getvalue()

    def _cells(self, *, exact: bool) -> list[list[str]]:
        columns = self._model.columns
        lines = [[*_FIXED, *(column.head for column in columns)]]
        for key in self._model.keys:
            rows = [column.rows.get(key) for column in columns]
            lines.append([*key, *("" if row is None else _exact(row) if exact else row.value for row in rows)])
        return lines

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)

    def _show(self) -> None:
        count = self._model.columnCount()
        pinned = [replace(pin, head=f"{pin.head} · pinned") for pin in self._pinned]
        self._model.show_columns([*([self._now] if self._now else []), *pinned])
        if self._model.columnCount() != count:
            self.view.resizeColumnsToContents()
            metrics = self.fontMetrics()
            for column in range(self._model.columnCount()):  # room for longer values, so that nothing moves
                width = metrics.horizontalAdvance("00000000 0000000" if column >= len(_FIXED) else "00000000000000")
                self.view.setColumnWidth(column, max(self.view.columnWidth(column), width))
        has_values = bool(self._model.columns)
        self.copy_text.setEnabled(has_values)
        self.copy_csv.setEnabled(has_values)
        self.unpin.setEnabled(bool(self._pinned))


def _exact(row: Row) -> str:
    return "" if math.isnan(row.number) else str(format_numbers([row.number])[0])
