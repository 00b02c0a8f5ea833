"""A heat map of values from 0 on with names of rows and columns of their own."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.plots.heat_map import cell_color
from app.plots.tooltips import show_tooltip
from app.theme import manager, small_font, theme

_WIDEST_NAME = 110
_MOST_CELL, _LEAST_CELL = 26.0, 6.0
"""Pixels of a row."""


class ValueMap(QWidget):
    """A cell for each row and column, darker the higher its value; a tooltip names it.

    Args:
        verb: What a row does to a column, for tooltips: ``species uses 3: 0.25``.
    """

    def __init__(self, verb: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verb = verb
        self._rows: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._values: tuple[tuple[float, ...], ...] = ()
        self._highest = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        manager().changed.connect(self.update)

    @property
    def values(self) -> tuple[tuple[float, ...], ...]:
        """The values drawn."""
        return self._values

    def set_values(self, rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float]]) -> None:
        """Replace all cells.

        Args:
            rows: [R] names of rows.
            columns: [C] names of columns.
            values: [R, C] values, none below 0.
        """
        self._rows, self._columns, self._values = tuple(rows), tuple(columns), tuple(map(tuple, values))
        self._highest = max((value for row in self._values for value in row), default=1.0) or 1.0
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room, as high as its rows."""
        return QSize(360, self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Rows at least some pixels high."""
        row = max(_LEAST_CELL, min(_MOST_CELL, 360 / max(len(self._rows), 1)))
        return QSize(200, round(self._top() + row * max(len(self._rows), 1)) + 2)

    def tooltip_at(self, point: QPointF) -> str:
        """The text of the cell at a point of this widget; empty for none."""
        area = self._area()
        if not self._values or not area.contains(point):
            return ""
        row = min(int((point.y() - area.top()) / area.height() * len(self._rows)), len(self._rows) - 1)
        column = min(int((point.x() - area.left()) / area.width() * len(self._columns)), len(self._columns) - 1)
        return f"{self._rows[row]} {self._verb} {self._columns[column]}: {self._values[row][column]:.3g}"

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw cells and as many names as fit."""
        if not self._values:
            return
        painter = QPainter(self)
        painter.setFont(small_font())
        area = self._area()
        width, height = area.width() / len(self._columns), area.height() / len(self._rows)
        gap = 1.0 if min(width, height) > 4 else 0.0
        for i, row in enumerate(self._values):
            for j, value in enumerate(row):
                box = QRectF(area.left() + j * width, area.top() + i * height, width - gap, height - gap)
                painter.fillRect(box, cell_color(value / self._highest))
        painter.setPen(QColor(theme().muted))
        self._draw_names(painter, area, width, height)

    def event(self, event: QEvent) -> bool:
        """Show the cell under the cursor as a tooltip."""
        return show_tooltip(self, event, self.tooltip_at) or super().event(event)

    def _draw_names(self, painter: QPainter, area: QRectF, width: float, height: float) -> None:
        metrics = QFontMetrics(small_font())
        line = metrics.height()
        middle = Qt.AlignmentFlag.AlignVCenter
        every = max(1, -(-line // max(int(height), 1)))
        for i in range(0, len(self._rows), every):
            top = area.top() + i * height + height / 2 - line / 2
            name = metrics.elidedText(self._rows[i], Qt.TextElideMode.ElideMiddle, int(area.left() - 6))
            painter.drawText(QRectF(0, top, area.left() - 6, line), Qt.AlignmentFlag.AlignRight | middle, name)
        widest = max(metrics.horizontalAdvance(name) for name in self._columns) + 6
        across = max(1, -(-min(widest, _WIDEST_NAME) // max(int(width), 1)))
        for j in range(0, len(self._columns), across):
            box = QRectF(area.left() + j * width, 0, width * across, line)
            name = metrics.elidedText(self._columns[j], Qt.TextElideMode.ElideMiddle, int(box.width()))
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | middle, name)

    def _top(self) -> float:
        return QFontMetrics(small_font()).height() + 3

    def _area(self) -> QRectF:
        metrics = QFontMetrics(small_font())
        widest = max((metrics.horizontalAdvance(name) for name in self._rows), default=0) + 8
        left = min(float(widest), float(_WIDEST_NAME), self.width() / 3)
        return QRectF(left, self._top(), max(self.width() - left, 1.0), max(self.height() - self._top() - 1, 1.0))
