"""Parts of the Compare page: a run's chip and a small table with a column a run."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from app.pages.compare.state import Cell, Line
from app.theme import resolve, row_height
from app.widgets import Chip, ToolButton

_MOST_ROWS = 8


class RunChip(QWidget):
    """A run's colour and name, with a button that takes it out of the comparison."""

    removed = Signal(int)

    def __init__(self, run: int, label: str, color: int) -> None:
        super().__init__()
        self.run = run
        self.setObjectName(f"compare-chip-{run}")
        self.chip = Chip(label, dot=color)
        remove = ToolButton("x", f"Take {label} out", lambda: self.removed.emit(run), name=f"compare-remove-{run}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.chip)
        row.addWidget(remove)


class RunTable(QTableWidget):
    """Rows of text with a column a run; it is as high as its rows, up to eight, and scrolls beyond."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(row_height())
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setHighlightSections(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setTabKeyNavigation(False)

    def fill(self, first: str, runs: Sequence[tuple[str, int | None]], lines: Sequence[Line]) -> None:
        """Replaces everything.

        Args:
            first: Header of the first column.
            runs: Label and hue of each run; no hue for what is no run.
            lines: The rows; they have a cell a run.
        """
        self.setColumnCount(len(runs) + 1)
        self.setRowCount(len(lines))
        self.setHorizontalHeaderItem(0, QTableWidgetItem(first))
        for column, (label, color) in enumerate(runs, start=1):
            self.setHorizontalHeaderItem(column, _head(label, color))
        for row, line in enumerate(lines):
            self.setItem(row, 0, _name_item(line.name))
            for column, cell in enumerate(line.cells, start=1):
                self.setItem(row, column, _cell_item(cell))
        self._fit()
        shown = min(max(len(lines), 1), _MOST_ROWS)
        self.setMinimumHeight(row_height() * (shown + 1) + 6)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shares the width out anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Names get what they need, up to 45 % of the width; the rest is shared equally where that is enough."""
        if not self.columnCount():
            return
        header, fixed, stretch = self.horizontalHeader(), QHeaderView.ResizeMode.Fixed, QHeaderView.ResizeMode.Stretch
        first = min(max(self._needed(0), 90), round(self.width() * 0.45))
        header.setSectionResizeMode(0, fixed)
        self.setColumnWidth(0, first)
        needs = [self._needed(column) for column in range(1, self.columnCount())]
        spare = self.viewport().width() - first - sum(needs)
        uneven = spare >= 0 and max(needs, default=0) * len(needs) > spare + sum(needs)
        for column, need in enumerate(needs, start=1):
            header.setSectionResizeMode(column, fixed if uneven else stretch)
            if uneven:
                self.setColumnWidth(column, need + spare // len(needs))

    def _needed(self, column: int) -> int:
        items = (self.horizontalHeaderItem(column), *(self.item(row, column) for row in range(self.rowCount())))
        widths = (self.fontMetrics().horizontalAdvance(item.text()) for item in items if item is not None)
        return max(widths, default=0) + 26


def _head(label: str, color: int | None) -> QTableWidgetItem:
    item = QTableWidgetItem(label) if color is None else QTableWidgetItem(_dot(color), label)
    item.setToolTip(label)
    return item


def _name_item(text: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setToolTip(text)
    item.setForeground(QBrush(QColor(resolve("muted"))))
    return item


def _cell_item(cell: Cell) -> QTableWidgetItem:
    item = QTableWidgetItem(cell.text)
    item.setToolTip(f"{cell.text}, the best" if cell.best else cell.text)
    if cell.tone:
        item.setForeground(QBrush(QColor(resolve(cell.tone))))
    if cell.best:
        font = item.font()
        font.setBold(True)
        item.setFont(font)
        item.setForeground(QBrush(QColor(resolve("good"))))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{cell.text}, the best")
    return item


def _dot(color: int) -> QIcon:
    """A dot in a run's colour, drawn twice as large as shown so that it is sharp on any screen."""
    side = 32
    picture = QPixmap(side, side)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(resolve(color)))
    painter.drawEllipse(QPointF(side / 2, side / 2), side / 4, side / 4)
    painter.end()
    picture.setDevicePixelRatio(2)
    return QIcon(picture)
