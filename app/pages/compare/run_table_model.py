"""The item model of a table with a column per run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QIcon

from app.pages.compare.swatch import swatch
from app.pages.compare.views.comparison import Cell, Line
from app.theme import resolve
from app.widgets import plain_tooltip

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_ROLES = frozenset(
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.FontRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
    )
)
"""Roles with data; the view asks every painted cell for several others."""


@dataclass(frozen=True)
class Header:
    """The header of a column.

    Attributes:
        text: The text shown, elided.
        label: The whole text, in one line or two.
        color: Hue index of the run; None if the column is not a run.
    """

    text: str
    label: str
    color: int | None = None

    @property
    def tooltip(self) -> str:
        """The whole text in one line."""
        return self.label.replace("\n", " · ")


class RunTableModel(QAbstractTableModel):
    """Lines as rows: the name of a line in the first column, then a cell per run."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._headers: tuple[Header, ...] = ()
        self._lines: tuple[Line, ...] = ()
        self._bold = QFont()
        self._bold.setBold(True)

    @property
    def headers(self) -> tuple[Header, ...]:
        """The headers, that of the names first."""
        return self._headers

    @property
    def lines(self) -> tuple[Line, ...]:
        """The rows."""
        return self._lines

    def set_content(self, headers: Sequence[Header], lines: Sequence[Line]) -> None:
        """Replace everything; each line has a cell for every header but the first."""
        self.beginResetModel()
        self._headers, self._lines = tuple(headers), tuple(lines)
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of lines."""
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Number of runs, and one for the names."""
        return 0 if parent.isValid() else len(self._headers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, tooltip and style of a cell."""
        if role not in _ROLES or not index.isValid():
            return None
        line, column = self._lines[index.row()], index.column()
        return self._cell_data(line.cells[column - 1], role) if column else _name_data(line, role)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, tooltip and line sample of a column."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._headers):
            return None
        header = self._headers[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return header.text
            case Qt.ItemDataRole.DecorationRole if header.color is not None:
                return QIcon(swatch(header.color))
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(header.tooltip)
            case Qt.ItemDataRole.AccessibleTextRole:
                return header.tooltip
        return None

    def _cell_data(self, cell: Cell, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell.text
            case Qt.ItemDataRole.FontRole if cell.best or cell.leading:
                return self._bold
            case Qt.ItemDataRole.ForegroundRole if cell.best or cell.tone:
                return QColor(resolve("good" if cell.best else cell.tone))
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(cell.tip or cell.text)
            case Qt.ItemDataRole.AccessibleTextRole if cell.best or cell.leading:
                return f"{cell.text}, {'the best' if cell.best else 'leads'}"
        return None


def _name_data(line: Line, role: int) -> Any:
    match role:
        case Qt.ItemDataRole.DisplayRole:
            return line.name
        case Qt.ItemDataRole.ForegroundRole:
            return QColor(resolve("muted"))
        case Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(f"{line.name} ({line.tip})" if line.tip else line.name)
    return None
