"""A table with a column per run and fixed row headers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView

from app.pages.compare.run_table_model import Header, RunTableModel
from app.pages.compare.views.comparison import Cell, Line
from app.theme import VisibleConnection, manager, resolve, row_height

_CELL_PADDING, _SWATCH_WIDTH = 26, 32
"""Pixels beside the text of a cell, and of a run's line sample."""
_MIN_NAME_WIDTH = 90
"""Pixels of the column of names, at least."""
_MAX_MINIMUM, _MAX_NAME_WIDTH, _MAX_HEADER_WIDTH = 24, 38, 22
"""In average digits: the largest minimum width of a value, and maximum widths of the names and of a header line."""


class RunTable(QTableView):
    """A read-only table of texts with a column per run.

    It is as high as its rows, so that the mouse wheel scrolls the page, never a table inside it. Horizontally it
    scrolls, with a fixed column of names.

    Attributes:
        marked_columns: The columns of the runs that are marked.
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
        self._model = RunTableModel(self)
        self.setModel(self._model)
        self._names = _RowNames(self)
        self._content: tuple[object, ...] = ()
        self.marked_columns: frozenset[int] = frozenset()
        self._name_width = 0
        self._hints: list[int] = []
        self._minimums: list[int] = []
        VisibleConnection(self, manager().changed, self._restyle)

    def fill(self, first: str, runs: Sequence[tuple[str, int | None]], lines: Sequence[Line]) -> None:
        """Replace everything.

        Args:
            first: Header of the first column.
            runs: Label and hue of each run, in one line or two; no hue if the column is not a run.
            lines: The rows; they have a cell per run.
        """
        content = (first, tuple(runs), tuple(lines))
        if content == self._content:
            return  # dozens of runs are read one by one, and most of them change one table
        self._content = content
        metrics = self.fontMetrics()
        headers = [Header(first, first), *(Header(_elide(label, metrics), label, color) for label, color in runs)]
        self._model.set_content(headers, lines)
        self._measure()
        self._fit()
        breaks = max((label.count("\n") for label, _ in runs), default=0)
        header_height = row_height() + breaks * metrics.lineSpacing()
        self.horizontalHeader().setFixedHeight(header_height)
        self.horizontalHeader().setIconSize(QSize(28, 16) if any((color or 0) >= 8 for _, color in runs) else QSize())
        scroll_bar = self.horizontalScrollBar().sizeHint().height()
        self.setMinimumHeight(row_height() * max(len(lines), 1) + header_height + scroll_bar)

    def mark_columns(self, columns: Sequence[int]) -> None:
        """Mark the columns of some runs, counted from 0 without that of the names, and scroll to the first of them."""
        if frozenset(columns) == self.marked_columns:
            return
        self.marked_columns = frozenset(columns)
        self.viewport().update()
        if columns and self._model.rowCount():
            self.scrollTo(self._model.index(0, columns[0] + 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the background of the marked columns, which the style sheet would not, and the cells over it."""
        if self.marked_columns:
            painter = QPainter(self.viewport())
            for column in self.marked_columns:
                left, width = self.columnViewportPosition(column + 1), self.columnWidth(column + 1)
                height = self.rowHeight(0) * self._model.rowCount()
                painter.fillRect(left, 0, width, height, QColor(resolve("accent_wash")))
            painter.end()
        super().paintEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns to the new width."""
        super().resizeEvent(event)
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll horizontally; leave vertical scrolling to the page."""
        if abs(event.angleDelta().x()) > abs(event.angleDelta().y()):
            super().wheelEvent(event)
        else:
            event.ignore()

    def least_width(self) -> int:
        """The width in which every header and value is readable."""
        return self._name_width + sum(self._minimums)

    def _measure(self) -> None:
        """Compute preferred and minimum widths of the columns from all texts."""
        regular, widths = self.fontMetrics(), dict[str, int]()
        bold_font = self.font()
        bold_font.setBold(True)
        bold = QFontMetrics(bold_font)

        def text_width(text: str) -> int:
            if text not in widths:
                widths[text] = regular.horizontalAdvance(text)
            return widths[text]

        def cell_width(cell: Cell) -> int:
            return bold.horizontalAdvance(cell.text) if cell.best or cell.leading else text_width(cell.text)

        names, *headers = (max(map(text_width, header.text.split("\n"))) for header in self._model.headers)
        columns = [[cell_width(line.cells[run]) for line in self._model.lines] for run in range(len(headers))]
        most = _MAX_MINIMUM * regular.horizontalAdvance("0")
        self._hints, self._minimums = [], []
        for header, cells in zip(headers, columns, strict=True):
            widest = max(cells, default=0)
            self._hints.append(max(header + _SWATCH_WIDTH, widest) + _CELL_PADDING)
            self._minimums.append(max(header + _SWATCH_WIDTH, min(widest, most)) + _CELL_PADDING)
        names = max([names, *(text_width(line.name) for line in self._model.lines)])
        limit = _MAX_NAME_WIDTH * regular.horizontalAdvance("0")
        self._name_width = max(min(names + _CELL_PADDING, limit), _MIN_NAME_WIDTH)

    def _fit(self) -> None:
        """Distribute the width among the columns; what does not fit at minimum widths is scrolled."""
        if self._model.columnCount() != len(self._hints) + 1:
            return
        self.setColumnWidth(0, self._name_width)
        available = self.viewport().width() - self._name_width
        for column, width in enumerate(distribute_width(available, self._hints, self._minimums), start=1):
            self.setColumnWidth(column, width)
        self._names.fit()

    def _restyle(self) -> None:
        """Draw cells and line samples in the colors of the current theme."""
        self.viewport().update()
        self.horizontalHeader().viewport().update()


def distribute_width(available: int, hints: Sequence[int], minimums: Sequence[int]) -> list[int]:
    """Distribute a width among columns: equally if that suffices, else by their hints, else down to their minimums.

    Args:
        available: Width of all columns together.
        hints: Preferred width of each column.
        minimums: Minimum width of each column, at most its hint.
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


def _elide(label: str, metrics: QFontMetrics) -> str:
    """A label of one line or two, each elided in the middle if it is long."""
    most = _MAX_HEADER_WIDTH * metrics.horizontalAdvance("0")
    return "\n".join(metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, most) for line in label.split("\n"))


class _RowNames(QTableView):
    """A fixed copy of the first column, shown over a table that is scrolled horizontally."""

    def __init__(self, table: RunTable) -> None:
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
        """Cover the names of the table if it is scrolled."""
        scrolled = self._table.horizontalScrollBar().value() > 0
        if scrolled:
            for column in range(self._table.model().columnCount()):
                self.setColumnHidden(column, column > 0)
            width, head = self._table.columnWidth(0), self._table.horizontalHeader().height()
            self.setColumnWidth(0, width)
            self.horizontalHeader().setFixedHeight(head)
            frame = self._table.frameWidth()
            self.setGeometry(frame, frame, width, head + self._table.viewport().height())
            self.raise_()
        self.setVisible(scrolled)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave scrolling to the page."""
        event.ignore()
