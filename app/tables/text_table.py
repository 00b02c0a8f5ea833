"""A read-only table of texts and small pictures that is as high as its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView

from app.theme import row_height
from app.widgets import plain_tooltip

Index = QModelIndex | QPersistentModelIndex
Cell = str | QImage | None
_ROOT = QModelIndex()
_PICTURE_ROWS = 2.2
"""Height of rows with pictures, in rows of text."""
_LEAST_DIGITS, _MOST_DIGITS, _PADDING_DIGITS = 6, 36, 4


class TextTableModel(QAbstractTableModel):
    """Cells that are texts, pictures or missing."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._headers: tuple[str, ...] = ()
        self._rows: tuple[tuple[Cell, ...], ...] = ()

    def show(self, headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Replace all cells."""
        self.beginResetModel()
        self._headers, self._rows = tuple(headers), tuple(map(tuple, rows))
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Number of columns."""
        return 0 if parent.isValid() else len(self._headers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's text and tooltip, or its picture."""
        if not index.isValid():
            return None
        cell = self._rows[index.row()][index.column()]
        if isinstance(cell, QImage):
            return cell if role == Qt.ItemDataRole.DecorationRole else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell or "—"
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tooltip(cell or "missing")
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A column's title."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._headers):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return self._headers[section] if role == Qt.ItemDataRole.DisplayRole else None


class TextTable(QTableView):
    """Shows texts and pictures; the wheel scrolls the page, not the table."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._model = TextTableModel(self)
        self.setModel(self._model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setHighlightSections(False)

    def show_rows(self, headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Replace all cells, and fit columns and height to them."""
        self._model.show(headers, rows)
        has_pictures = any(isinstance(cell, QImage) for row in rows for cell in row)
        height = round(row_height() * (_PICTURE_ROWS if has_pictures else 1))
        self.verticalHeader().setDefaultSectionSize(height)
        side = height - 4
        self.setIconSize(QSize(3 * side, side))
        digit = self.fontMetrics().horizontalAdvance("0")
        for column, header in enumerate(headers):
            cells = [row[column] for row in rows]
            longest = max((len(cell) for cell in (header, *cells) if isinstance(cell, str)), default=0)
            digits = min(max(longest + _PADDING_DIGITS, _LEAST_DIGITS), _MOST_DIGITS)
            widest = max((_scaled_width(cell, side) for cell in cells if isinstance(cell, QImage)), default=0)
            self.setColumnWidth(column, max(digit * digits, widest + 2 * digit))
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(height * max(len(rows), 1) + self.horizontalHeader().sizeHint().height() + bar)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll horizontally; leave vertical scrolling to the page."""
        if abs(event.angleDelta().x()) > abs(event.angleDelta().y()):
            super().wheelEvent(event)
        else:
            event.ignore()


def _scaled_width(image: QImage, height: int) -> int:
    return min(round(image.width() * height / max(image.height(), 1)), 3 * height)
