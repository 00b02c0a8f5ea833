"""Parallel coordinates: a vertical axis for each metric, a line for each run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen

from app.formatting import format_number
from app.plots.runs.run_plot import Mark, RunPlot, ink
from app.theme import small_font

_SAMPLES = 12
"""Places on each stretch of a line at which a click picks its run."""


@dataclass(frozen=True)
class ParallelAxis:
    """An axis: its title, and whether lower values are better, which are then at the top."""

    title: str
    inverted: bool


@dataclass(frozen=True)
class ParallelLine:
    """A run: its values on each axis, NaN where it has none."""

    run: int
    tip: str
    color: int
    values: tuple[float, ...]


class ParallelPlot(RunPlot):
    """A line for each run through its values; the better end of every axis is at the top."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, title)
        self._axes: tuple[ParallelAxis, ...] = ()
        self._lines: tuple[ParallelLine, ...] = ()

    def set_lines(self, axes: Sequence[ParallelAxis], lines: Sequence[ParallelLine]) -> None:
        """Replace everything; each line has a value for each axis."""
        self._axes, self._lines = tuple(axes), tuple(lines)
        self.setAccessibleDescription("; ".join(line.tip.replace("\n", ", ") for line in lines))
        self.update()

    def _limits(self, axis: int) -> tuple[float, float]:
        values = [line.values[axis] for line in self._lines if math.isfinite(line.values[axis])]
        low, high = min(values, default=0.0), max(values, default=1.0)
        return (low, high) if low < high else (low - 0.5, high + 0.5)

    def _area(self) -> QRectF:
        line = QFontMetrics(small_font()).height() + 4
        side = max(min(70.0, self.width() / (2 * max(len(self._axes), 1))), 1)
        return QRectF(side, 2 * line + 4, max(self.width() - 2 * side, 1), max(self.height() - 3 * line - 8, 1))

    def _places(self) -> list[tuple[ParallelLine, list[QPointF]]]:
        area, gaps = self._area(), max(len(self._axes) - 1, 1)
        limits = [self._limits(index) for index in range(len(self._axes))]
        placed = []
        for line in self._lines:
            points = []
            for index, (value, (low, high)) in enumerate(zip(line.values, limits, strict=True)):
                share = (value - low) / (high - low)
                share = share if self._axes[index].inverted else 1 - share
                if math.isfinite(share):
                    points.append(
                        QPointF(area.left() + index * area.width() / gaps, area.top() + share * area.height())
                    )
            placed.append((line, points))
        return placed

    def marks(self) -> Sequence[Mark]:
        """Places along the lines of the runs."""
        if not self._axes:
            return ()
        marks = []
        for line, points in self._places():
            marks += [Mark(line.run, line.tip, point) for point in points]
            for one, two in pairwise(points):
                marks += [Mark(line.run, line.tip, one + (two - one) * (i / _SAMPLES)) for i in range(1, _SAMPLES)]
        return marks

    def draw(self, painter: QPainter) -> None:
        """Draw axes and lines."""
        area, gaps = self._area(), max(len(self._axes) - 1, 1)
        metrics = QFontMetrics(painter.font())
        width = area.width() / gaps - 8 if len(self._axes) > 1 else area.width()
        for index, axis in enumerate(self._axes):
            x = area.left() + index * area.width() / gaps
            low, high = self._limits(index)
            top, bottom = (low, high) if axis.inverted else (high, low)
            painter.setPen(QPen(ink("muted"), 1))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            room = min(width, 2 * min(x, self.width() - x))
            title = metrics.elidedText(axis.title, Qt.TextElideMode.ElideMiddle, int(room))
            line = metrics.height() + 4
            painter.setPen(ink("text"))
            _centered(painter, x, area.top() - 1.5 * line - 2, title)
            painter.setPen(ink("muted"))
            _centered(painter, x, area.top() - 0.5 * line - 2, format_number(top))
            _centered(painter, x, area.bottom() + 0.5 * line + 2, format_number(bottom))
        for run, points in sorted(self._places(), key=lambda placed: placed[0].run == self.picked):
            chosen = run.run == self.picked
            alpha = 1.0 if chosen or self.picked is None else 0.35
            painter.setPen(QPen(ink(run.color, alpha), 3.0 if chosen else 1.4))
            painter.drawPolyline(points)


def _centered(painter: QPainter, x: float, y: float, text: str) -> None:
    painter.drawText(QRectF(x - 200, y - 20, 400, 40), Qt.AlignmentFlag.AlignCenter, text)
