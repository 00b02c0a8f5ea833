"""A table with a column per run and fixed row headers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QIcon, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QTableWidget, QTableWidgetItem

from app.pages.compare.swatch import swatch
from app.pages.compare.views.comparison import Cell, Line
from app.theme import resolve, row_height, theme
from app.widgets import plain_tooltip

_CELL_PADDING, _SWATCH_WIDTH = 26, 32
"""Pixels beside a text in a cell, and those of a run's dot or line."""
_MAX_MINIMUM, _MAX_NAME_WIDTH, _MAX_HEADER_WIDTH = 24, 38, 22
"""In digits: what is shown of every value, the widest column of names, the widest line of a header."""


class RunTable(QTableWidget):
    """A read-only table of texts with a column per run.

    It is as high as its rows, so that the wheel moves the page and never a table inside it. Columns beyond its width
    are scrolled to, while the names of the rows stay.
    """

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
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._names = _RowNames(self)
        self._content: tuple[object, ...] = ()
        self._name_width = 0
        self._hints: list[int] = []
        self._minimums: list[int] = []

    def fill(self, first: str, runs: Sequence[tuple[str, int | None]], lines: Sequence[Line]) -> None:
        """Replaces everything.

        Args:
            first: Header of the first column.
            runs: Label and hue of each run, in one line or two; no hue for what is no run.
            lines: The rows; they have a cell a run.
        """
        content = (first, tuple(runs), tuple(lines), theme().dark)
        if content == self._content:
            return  # dozens of runs come one by one, and most of them change one table
        self._content = content
        self.setColumnCount(len(runs) + 1)
        self.setRowCount(len(lines))
        self.setHorizontalHeaderItem(0, QTableWidgetItem(first))
        for column, (label, color) in enumerate(runs, start=1):
            self.setHorizontalHeaderItem(column, _header_item(label, color, self.fontMetrics()))
        for row, line in enumerate(lines):
            self.setItem(row, 0, _name_item(line))
            for column, cell in enumerate(line.cells, start=1):
                self.setItem(row, column, _cell_item(cell))
        self._measure()
        self._fit()
        breaks = max((label.count("\n") for label, _ in runs), default=0)
        head = row_height() + breaks * self.fontMetrics().lineSpacing()
        self.horizontalHeader().setFixedHeight(head)
        self.horizontalHeader().setIconSize(QSize(28, 16) if any((color or 0) >= 8 for _, color in runs) else QSize())
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setMinimumHeight(row_height() * max(len(lines), 1) + head + bar)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shares the width out anew."""
        super().resizeEvent(event)
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll to other columns; what scrolls up and down is the page."""
        if abs(event.angleDelta().x()) > abs(event.angleDelta().y()):
            super().wheelEvent(event)
        else:
            event.ignore()

    def least_width(self) -> int:
        """The width in which every header and every value can be read."""
        return self._name_width + sum(self._minimums)

    def _measure(self) -> None:
        """How wide the columns want to be, and how narrow they can be read: once a content, as rows are few."""
        digit = self.fontMetrics().horizontalAdvance("0")
        columns = range(1, self.columnCount())
        heads = [self._advance(self.horizontalHeaderItem(column)) + _SWATCH_WIDTH for column in columns]
        hints = [[self._advance(self.item(row, column)) for row in range(self.rowCount())] for column in columns]
        short = [[min(width, _MAX_MINIMUM * digit) for width in column] for column in hints]
        self._hints = [max(head, *cells, 0) + _CELL_PADDING for head, cells in zip(heads, hints, strict=True)]
        self._minimums = [max(head, *cells, 0) + _CELL_PADDING for head, cells in zip(heads, short, strict=True)]
        names = [self.horizontalHeaderItem(0), *(self.item(row, 0) for row in range(self.rowCount()))]
        self._name_width = max(min(max(map(self._advance, names)) + _CELL_PADDING, _MAX_NAME_WIDTH * digit), 90)

    def _advance(self, item: QTableWidgetItem | None) -> int:
        if item is None:
            return 0
        metrics = QFontMetrics(item.font()) if item.font().bold() else self.fontMetrics()
        return max(map(metrics.horizontalAdvance, item.text().split("\n")))

    def _fit(self) -> None:
        """Shares the width out; what does not fit even in the least width is scrolled."""
        if self.columnCount() != len(self._hints) + 1:
            return
        self.setColumnWidth(0, self._name_width)
        room = self.viewport().width() - self._name_width
        for column, width in enumerate(distribute_width(room, self._hints, self._minimums), start=1):
            self.setColumnWidth(column, width)
        self._names.fit()


def distribute_width(available: int, hints: Sequence[int], minimums: Sequence[int]) -> list[int]:
    """Widths of columns: alike where that is enough for each, else as much as each wants, else less, to the floor.

    Args:
        available: What there is for all of them.
        hints: What each column wants.
        minimums: What each needs at least, no more than it wants.
    """
    if not hints:
        return []
    if max(hints) * len(hints) <= available:
        return [available // len(hints)] * len(hints)
    if sum(hints) <= available:
        return [hint + (available - sum(hints)) // len(hints) for hint in hints]
    if sum(minimums) >= available:
        return list(minimums)
    share = (available - sum(minimums)) / (sum(hints) - sum(minimums))
    return [minimum + int(share * (hint - minimum)) for hint, minimum in zip(hints, minimums, strict=True)]


def _header_item(label: str, color: int | None, metrics: QFontMetrics) -> QTableWidgetItem:
    """A header of one line or two, each shortened in the middle where it is long; whole in the tooltip."""
    most = _MAX_HEADER_WIDTH * metrics.horizontalAdvance("0")
    text = "\n".join(metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, most) for line in label.split("\n"))
    item = QTableWidgetItem(text) if color is None else QTableWidgetItem(QIcon(swatch(color)), text)
    whole = label.replace("\n", " · ")
    item.setToolTip(plain_tooltip(whole))
    item.setData(Qt.ItemDataRole.AccessibleTextRole, whole)
    return item


def _name_item(line: Line) -> QTableWidgetItem:
    item = QTableWidgetItem(line.name)
    item.setToolTip(plain_tooltip(f"{line.name} ({line.tip})" if line.tip else line.name))
    item.setForeground(QBrush(QColor(resolve("muted"))))
    return item


def _cell_item(cell: Cell) -> QTableWidgetItem:
    item = QTableWidgetItem(cell.text)
    item.setToolTip(plain_tooltip(cell.tip or cell.text))
    if cell.tone:
        item.setForeground(QBrush(QColor(resolve(cell.tone))))
    if cell.best or cell.leading:
        font = item.font()
        font.setBold(True)
        item.setFont(font)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{cell.text}, {'the best' if cell.best else 'leads'}")
    if cell.best:
        item.setForeground(QBrush(QColor(resolve("good"))))
    return item


class _RowNames(QTableView):
    """The first column of a table once more, over its left edge, while the others are scrolled below it."""

    def __init__(self, table: QTableWidget) -> None:
        super().__init__(table)
        self._table = table
        self.setModel(table.model())
        self.setSelectionModel(table.selectionModel())
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(row_height())
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setDefaultAlignment(table.horizontalHeader().defaultAlignment())
        self.horizontalHeader().setHighlightSections(False)
        for policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.horizontalScrollBar().valueChanged.connect(lambda _: self.fit())
        self.hide()

    def fit(self) -> None:
        """Cover the names of the table, where it is scrolled at all."""
        scrolled = self._table.horizontalScrollBar().value() > 0
        if scrolled:
            for column in range(self._table.columnCount()):
                self.setColumnHidden(column, column > 0)
            width, head = self._table.columnWidth(0), self._table.horizontalHeader().height()
            self.setColumnWidth(0, width)
            self.horizontalHeader().setFixedHeight(head)
            frame = self._table.frameWidth()
            self.setGeometry(frame, frame, width, head + self._table.viewport().height())
            self.raise_()
        self.setVisible(scrolled)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The page's."""
        event.ignore()
