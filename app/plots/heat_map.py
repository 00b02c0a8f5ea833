"""Heat maps: pairwise values, and lengths by row and column."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.formatting import format_number
from app.theme import manager, small_font, theme
from app.widgets import plain_tooltip

_GAP = 2.0
_READABLE = 10
_WIDEST_NAME = 110


def cell_color(value: float) -> QColor:
    """Background of a cell: a diverging scale from -1 over the card's color at 0 to 1."""
    tokens = theme()
    ground, end = QColor(tokens.surface), QColor(tokens.agree if value > 0 else tokens.disagree)
    share = min(abs(value), 1.0)

    def mix_channels(low: int, high: int) -> int:
        return round(low + (high - low) * share)

    pairs = ((ground.red(), end.red()), (ground.green(), end.green()), (ground.blue(), end.blue()))
    return QColor(*(mix_channels(low, high) for low, high in pairs))


class MatrixPlot(QWidget):
    """A cell per pair of names, with its number if it fits and a tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._values: tuple[tuple[float, ...], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        manager().changed.connect(self.update)

    def set_values(self, names: Sequence[str], values: Sequence[Sequence[float]]) -> None:
        """Replaces all cells.

        Args:
            names: [K] names of rows and columns.
            values: [K, K], from -1 to 1; NaN is drawn as unknown. The diagonal is not drawn.
        """
        self._set_cells(names, names, values)

    def _set_cells(self, rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float]]) -> None:
        shape = len(self._names), len(self._columns)
        self._names, self._columns, self._values = tuple(rows), tuple(columns), tuple(map(tuple, values))
        if (len(rows), len(columns)) != shape:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Cells as wide as two numbers."""
        return QSize(_WIDEST_NAME + 60 * len(self._columns), self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Rows as high as a line of text, or lower for many names."""
        line = QFontMetrics(small_font()).height() + 2 * _GAP
        return QSize(200, round(line * (1 + min(len(self._names), _READABLE))))

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Rectangle of a cell in this widget."""
        return self._cell(self._area(), row, column)

    def _cell(self, area: QRectF, row: int, column: int) -> QRectF:
        """Rectangle of a cell in the area of all cells, which is expensive to compute."""
        width, height = area.width() / len(self._columns), area.height() / len(self._names)
        gap = _GAP if min(width, height) > 3 * _GAP else 0.0
        left, top = area.left() + column * width, area.top() + row * height
        return QRectF(left, top, width - gap, height - gap)

    def text_at(self, row: int, column: int) -> str:
        """Text of a cell; empty on the diagonal."""
        value = self._values[row][column]
        if row == column:
            return ""
        return "–" if math.isnan(value) else f"{value:.2f}".replace("-", "−")

    def tooltip_at(self, row: int, column: int) -> str:
        """Tooltip of a cell; empty for none."""
        return "" if row == column else f"{self._names[row]} and {self._names[column]}: {self.text_at(row, column)}"

    def background_at(self, row: int, column: int) -> QColor | None:
        """Background of a cell; None for one without a value."""
        value = self._values[row][column]
        return None if row == column or math.isnan(value) else cell_color(value)

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """Row and column under a point of this widget."""
        area, rows, columns = self._area(), len(self._names), len(self._columns)
        if not rows or not columns or not area.contains(point):
            return None
        row = int((point.y() - area.top()) / area.height() * rows)
        column = int((point.x() - area.left()) / area.width() * columns)
        return min(row, rows - 1), min(column, columns - 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the names, the cells and as many numbers as fit."""
        if not self._names or not self._columns:
            return
        painter = QPainter(self)
        painter.setFont(small_font())
        metrics = QFontMetrics(small_font())
        area = self._area()
        first = self._cell(area, 0, 0)
        numbers = first.width() >= metrics.horizontalAdvance("−0.00") and first.height() >= metrics.height() - _GAP
        for row in range(len(self._names)):
            for column in range(len(self._columns)):
                self._draw_cell(painter, self._cell(area, row, column), row, column, words=numbers)
        self._draw_names(painter, metrics, area)

    def _draw_cell(self, painter: QPainter, box: QRectF, row: int, column: int, *, words: bool) -> None:
        background = self.background_at(row, column)
        painter.fillRect(box, background or QColor(theme().sunken))
        if words:
            painter.setPen(QColor(theme().text if background else theme().muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.text_at(row, column))

    def _draw_names(self, painter: QPainter, metrics: QFontMetrics, area: QRectF) -> None:
        first, side = self._cell(area, 0, 0), area.left() - 6
        painter.setPen(QColor(theme().muted))
        every = max(1, math.ceil((metrics.height() - _GAP) / max(first.height(), 1.0)))
        across = max(1, math.ceil(metrics.horizontalAdvance("mmm") / max(first.width(), 1.0)))
        for index, name in enumerate(self._names):
            if index % every == 0:
                cell = self._cell(area, index, 0)
                top = min(cell.center().y() - metrics.height() / 2, self.height() - metrics.height())
                box = QRectF(0, top, side, metrics.height())
                text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, int(side))
                painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        for index, name in enumerate(self._columns):
            if index % across == 0:
                cell = self._cell(area, 0, index)
                room = min(cell.width() * across, self.width() - cell.left())
                text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, int(room))
                place = Qt.AlignmentFlag.AlignHCenter if across == 1 else Qt.AlignmentFlag.AlignLeft
                painter.drawText(QRectF(cell.left(), 0, room, metrics.height()), place, text)

    def event(self, event: QEvent) -> bool:
        """Show the pair under the cursor as a tooltip."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            cell = self.cell_at(QPointF(event.pos()))
            if cell is not None and (words := self.tooltip_at(*cell)):
                QToolTip.showText(event.globalPos(), plain_tooltip(words), self)
                return True
        return super().event(event)

    def _area(self) -> QRectF:
        metrics = QFontMetrics(small_font())
        widest = max((metrics.horizontalAdvance(name) for name in self._names), default=0) + 8
        left = min(widest, _WIDEST_NAME, self.width() / 3)
        return QRectF(left, metrics.height() + 2, max(self.width() - left, 1.0), self.height() - metrics.height() - 2)


class LengthMatrix(MatrixPlot):
    """A cell per row and column with a length, colored by its share of the longest in the row."""

    def set_lengths(self, rows: Sequence[str], columns: Sequence[str], lengths: Sequence[Sequence[float]]) -> None:
        """Replaces all cells.

        Args:
            rows: [R] names.
            columns: [C] names.
            lengths: [R, C], none negative; NaN is drawn as unknown.
        """
        self._set_cells(rows, columns, lengths)

    def text_at(self, row: int, column: int) -> str:
        """Text of a cell."""
        value = self._values[row][column]
        return "–" if math.isnan(value) else format_number(value)

    def tooltip_at(self, row: int, column: int) -> str:
        """Tooltip of a cell."""
        text = f"{self._names[row]}, {self._columns[column]}: {self.text_at(row, column)}"
        share = self._share(row, column)
        return text if math.isnan(share) else f"{text}, {100 * share:.0f} % of the longest in this row"

    def background_at(self, row: int, column: int) -> QColor | None:
        """Background of a cell; None for one without a value."""
        share = self._share(row, column)
        return None if math.isnan(share) else cell_color(share)

    def _share(self, row: int, column: int) -> float:
        value = self._values[row][column]
        longest = max((other for other in self._values[row] if math.isfinite(other)), default=0.0)
        return value if math.isnan(value) else min(value / longest, 1.0) if longest > 0 else 0.0
