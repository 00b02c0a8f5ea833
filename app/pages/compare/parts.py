"""Parts of the Compare page: a run's chip and a small table with a column a run."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QIcon, QPainter, QPixmap, QResizeEvent
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
from app.widgets import Chip, ToolButton, plain_tip

_MOST_ROWS = 8
_CELL_ROOM, _DOT_ROOM = 26, 18
"""Pixels beside a text in a cell, and those of a run's dot."""
_SHORT, _WIDEST_NAME, _WIDEST_HEAD = 9, 34, 22
"""In digits: a cell that is never shortened, the widest column of names, the widest line of a header."""


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
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setHighlightSections(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._first = 0
        self._wants: list[int] = []
        self._floors: list[int] = []

    def fill(self, first: str, runs: Sequence[tuple[str, int | None]], lines: Sequence[Line]) -> None:
        """Replaces everything.

        Args:
            first: Header of the first column.
            runs: Label and hue of each run, in one line or two; no hue for what is no run.
            lines: The rows; they have a cell a run.
        """
        self.setColumnCount(len(runs) + 1)
        self.setRowCount(len(lines))
        self.setHorizontalHeaderItem(0, QTableWidgetItem(first))
        for column, (label, color) in enumerate(runs, start=1):
            self.setHorizontalHeaderItem(column, _head(label, color, self.fontMetrics()))
        for row, line in enumerate(lines):
            self.setItem(row, 0, _name_item(line.name))
            for column, cell in enumerate(line.cells, start=1):
                self.setItem(row, column, _cell_item(cell))
        self._measure()
        self._fit()
        shown = min(max(len(lines), 1), _MOST_ROWS)
        breaks = max((label.count("\n") for label, _ in runs), default=0)
        head = row_height() + breaks * self.fontMetrics().lineSpacing()
        self.horizontalHeader().setFixedHeight(head)
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setMinimumHeight(row_height() * shown + head + bar)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shares the width out anew."""
        super().resizeEvent(event)
        self._fit()

    def least_width(self) -> int:
        """The width in which every header and every number can be read."""
        return self._first + sum(self._floors)

    def _measure(self) -> None:
        """How wide the columns want to be, and how narrow they can be read: once a content, as rows are few."""
        digit = self.fontMetrics().horizontalAdvance("0")
        columns = range(1, self.columnCount())
        heads = [self._advance(self.horizontalHeaderItem(column)) + _DOT_ROOM for column in columns]
        wants = [[self._advance(self.item(row, column)) for row in range(self.rowCount())] for column in columns]
        short = [[width for width in column if width <= _SHORT * digit] for column in wants]
        self._wants = [max(head, *cells, 0) + _CELL_ROOM for head, cells in zip(heads, wants, strict=True)]
        self._floors = [max(head, *cells, 0) + _CELL_ROOM for head, cells in zip(heads, short, strict=True)]
        names = [self.horizontalHeaderItem(0), *(self.item(row, 0) for row in range(self.rowCount()))]
        self._first = max(min(max(map(self._advance, names)) + _CELL_ROOM, _WIDEST_NAME * digit), 90)

    def _advance(self, item: QTableWidgetItem | None) -> int:
        if item is None:
            return 0
        metrics = QFontMetrics(item.font()) if item.font().bold() else self.fontMetrics()
        return max(map(metrics.horizontalAdvance, item.text().split("\n")))

    def _fit(self) -> None:
        """Shares the width out; what does not fit even in the least width is scrolled."""
        if self.columnCount() != len(self._wants) + 1:
            return
        self.setColumnWidth(0, self._first)
        room = self.viewport().width() - self._first
        for column, width in enumerate(shared_out(room, self._wants, self._floors), start=1):
            self.setColumnWidth(column, width)


def shared_out(room: int, wants: Sequence[int], floors: Sequence[int]) -> list[int]:
    """Widths of columns: alike where that is enough for each, else as much as each wants, else less, to the floor.

    Args:
        room: What there is for all of them.
        wants: What each column wants.
        floors: What each needs at least, no more than it wants.
    """
    if not wants:
        return []
    if max(wants) * len(wants) <= room:
        return [room // len(wants)] * len(wants)
    if sum(wants) <= room:
        return [want + (room - sum(wants)) // len(wants) for want in wants]
    if sum(floors) >= room:
        return list(floors)
    share = (room - sum(floors)) / (sum(wants) - sum(floors))
    return [floor + int(share * (want - floor)) for want, floor in zip(wants, floors, strict=True)]


def _head(label: str, color: int | None, metrics: QFontMetrics) -> QTableWidgetItem:
    """A header of one line or two, each shortened in the middle where it is long; whole in the tooltip."""
    most = _WIDEST_HEAD * metrics.horizontalAdvance("0")
    text = "\n".join(metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, most) for line in label.split("\n"))
    item = QTableWidgetItem(text) if color is None else QTableWidgetItem(_dot(color), text)
    whole = label.replace("\n", " · ")
    item.setToolTip(plain_tip(whole))
    item.setData(Qt.ItemDataRole.AccessibleTextRole, whole)
    return item


def _name_item(text: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setToolTip(plain_tip(text))
    item.setForeground(QBrush(QColor(resolve("muted"))))
    return item


def _cell_item(cell: Cell) -> QTableWidgetItem:
    item = QTableWidgetItem(cell.text)
    item.setToolTip(plain_tip(f"{cell.text}, the best" if cell.best else cell.text))
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
