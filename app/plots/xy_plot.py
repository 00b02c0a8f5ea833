"""A plot of lines and points over two numeric axes, for curves of a model that has been evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.formatting import format_number, format_ticks
from app.plots.canvas import dash_pattern
from app.plots.decimation import nice_step
from app.plots.tooltips import show_tooltip
from app.theme import GAP, manager, resolve, small_font, theme

_MARGIN = 6
_POINT = 2.6
_NEAR = 12.0
"""Pixels within which the cursor is on a point."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class XYSeries:
    """A line or a cloud of points.

    Attributes:
        x: ``[N]`` horizontal coordinates.
        y: ``[N]`` vertical coordinates.
        color: A hue by number or a theme token.
        is_line: Whether the points are joined.
        has_dots: Whether each point of a line is marked.
        labels: A text for each point, for its tooltip; empty for its coordinates.
    """

    x: Floats
    y: Floats
    color: int | str = 0
    is_line: bool = True
    has_dots: bool = False
    labels: tuple[str, ...] = ()


class XYPlot(QWidget):
    """Draws series with axes, grid, an optional diagonal and a marked point; a tooltip shows the nearest point.

    Args:
        x_title: Title of the horizontal axis.
        y_title: Title of the vertical axis.
        diagonal: Whether the line x = y is drawn.
    """

    def __init__(self, x_title: str, y_title: str, *, diagonal: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles = x_title, y_title
        self._diagonal = diagonal
        self._series: tuple[XYSeries, ...] = ()
        self._x_range = self._y_range = (0.0, 1.0)
        self._marker: tuple[float, float] | None = None
        self._empty = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        manager().changed.connect(self.update)

    def set_series(
        self,
        series: Sequence[XYSeries],
        x_range: tuple[float, float] = (0.0, 1.0),
        y_range: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        """Replace everything that is drawn; the marked point is removed."""
        self._series, self._x_range, self._y_range, self._marker = tuple(series), x_range, y_range, None
        self.update()

    def set_titles(self, x_title: str, y_title: str) -> None:
        """Change the titles of the axes."""
        self._titles = x_title, y_title
        self.update()

    def set_marker(self, point: tuple[float, float] | None) -> None:
        """Mark a point, or none."""
        self._marker = point
        self.update()

    @property
    def series(self) -> tuple[XYSeries, ...]:
        """What is drawn."""
        return self._series

    @property
    def marker(self) -> tuple[float, float] | None:
        """The marked point."""
        return self._marker

    def set_empty_text(self, text: str) -> None:
        """Set the text that is shown while there is nothing to draw."""
        self._empty = text
        self.update()

    def sizeHint(self) -> QSize:
        """A comfortable size."""
        return QSize(280, 240)

    def minimumSizeHint(self) -> QSize:
        """The smallest readable size."""
        return QSize(180, 200)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw grid, axes, series and marker."""
        painter = QPainter(self)
        painter.setFont(small_font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._series:
            painter.setPen(QColor(theme().muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty)
            return
        area = self._area()
        self._draw_axes(painter, area)
        painter.setClipRect(area.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN))
        if self._diagonal:
            self._draw_diagonal(painter, area)
        for series in self._series:
            self._draw_series(painter, area, series)
        if self._marker is not None:
            (place,) = self._places(area, *self._marker)
            painter.setPen(QPen(QColor(theme().surface), 1.5))
            painter.setBrush(QColor(theme().text))
            painter.drawEllipse(place, 5, 5)

    def event(self, event: QEvent) -> bool:
        """Show the point under the cursor as a tooltip."""
        return show_tooltip(self, event, self.tooltip_at) or super().event(event)

    def tooltip_at(self, position: QPointF) -> str:
        """The text of the point near a position of this widget; empty for none."""
        area, best, text = self._area(), _NEAR, ""
        for series in self._series:
            if not len(series.x):
                continue
            left, top = self._pixels(area, series.x, series.y)
            distance = np.hypot(left - position.x(), top - position.y())
            index = int(distance.argmin())
            if distance[index] < best:
                best = float(distance[index])
                point = f"{self._titles[0]} {format_number(series.x[index])}, "
                point += f"{self._titles[1]} {format_number(series.y[index])}"
                text = series.labels[index] if series.labels else point
        return text

    def _area(self) -> QRectF:
        metrics = QFontMetrics(small_font())
        texts = format_ticks(*self._ticks(self._y_range, self.height(), 40))
        left = max((metrics.horizontalAdvance(text) for text in texts), default=0) + metrics.height() + 2 * GAP
        return QRectF(self.rect()).adjusted(left, _MARGIN, -2 * GAP, -2 * metrics.height() - GAP)

    def _ticks(self, limits: tuple[float, float], size: float, room: float) -> tuple[list[float], float]:
        low, high = limits
        step = nice_step((high - low) / max(size / room, 2.0))
        first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
        return [round(index * step, 12) for index in range(first, last + 1)], step

    def _pixels(self, area: QRectF, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        (x_low, x_high), (y_low, y_high) = self._x_range, self._y_range
        across = (np.asarray(x, np.float64) - x_low) / (x_high - x_low)
        up = (np.asarray(y, np.float64) - y_low) / (y_high - y_low)
        return area.left() + across * area.width(), area.bottom() - up * area.height()

    def _places(self, area: QRectF, x: ArrayLike, y: ArrayLike) -> list[QPointF]:
        left, top = self._pixels(area, np.atleast_1d(x), np.atleast_1d(y))
        return [QPointF(a, b) for a, b in zip(left.tolist(), top.tolist(), strict=True)]

    def _draw_axes(self, painter: QPainter, area: QRectF) -> None:
        metrics = QFontMetrics(small_font())
        ink, strength = theme().grid
        grid = QColor(ink)
        grid.setAlphaF(strength)
        muted = QColor(theme().muted)
        x_ticks, x_step = self._ticks(self._x_range, area.width(), 60)
        y_ticks, y_step = self._ticks(self._y_range, area.height(), 40)
        for value, text in zip(x_ticks, format_ticks(x_ticks, x_step), strict=True):
            (place,) = self._places(area, value, self._y_range[0])
            painter.setPen(QPen(grid, 1))
            painter.drawLine(QPointF(place.x(), area.top()), QPointF(place.x(), area.bottom()))
            painter.setPen(muted)
            box = QRectF(place.x() - 40, area.bottom() + 3, 80, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        for value, text in zip(y_ticks, format_ticks(y_ticks, y_step), strict=True):
            (place,) = self._places(area, self._x_range[0], value)
            painter.setPen(QPen(grid, 1))
            painter.drawLine(QPointF(area.left(), place.y()), QPointF(area.right(), place.y()))
            painter.setPen(muted)
            box = QRectF(0, place.y() - metrics.height() / 2, area.left() - 6, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        below = QRectF(area.left(), self.height() - metrics.height(), area.width(), metrics.height())
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self._titles[0])
        painter.save()
        painter.translate(0, area.center().y())
        painter.rotate(-90)
        side = QRectF(-area.height() / 2, 0, area.height(), metrics.height())
        painter.drawText(side, Qt.AlignmentFlag.AlignCenter, self._titles[1])
        painter.restore()

    def _draw_diagonal(self, painter: QPainter, area: QRectF) -> None:
        low = max(self._x_range[0], self._y_range[0])
        high = min(self._x_range[1], self._y_range[1])
        pen = QPen(QColor(theme().muted), 1)
        pen.setDashPattern(dash_pattern(dash=True))
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(self._places(area, [low, high], [low, high])))

    def _draw_series(self, painter: QPainter, area: QRectF, series: XYSeries) -> None:
        color = QColor(resolve(series.color))
        places = self._places(area, series.x, series.y)
        if series.is_line:
            painter.setPen(QPen(color, 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(places))
        if series.has_dots or not series.is_line:
            painter.setPen(Qt.PenStyle.NoPen)
            if not series.is_line:
                color.setAlphaF(0.65)
            painter.setBrush(color)
            size = _POINT if not series.is_line else _POINT + 1
            for place in places:
                painter.drawEllipse(place, size, size)
