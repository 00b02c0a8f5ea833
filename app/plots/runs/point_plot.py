"""A plot of runs by two metrics, with the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from app.plots.runs.run_plot import Mark, RunPlot, Scale, draw_axes, ink, plot_area

_RADIUS, _DIMMED = 5.0, 0.28


@dataclass(frozen=True)
class RunPoint:
    """A run in the plot.

    Attributes:
        run: The run.
        tip: Its tooltip.
        x: Its value on the horizontal axis.
        y: Its value on the vertical axis.
        color: Its hue by number.
        dimmed: Whether another run is better in every way.
        size: Relative size of the point, 1 for the usual one.
    """

    run: int
    tip: str
    x: float
    y: float
    color: int
    dimmed: bool = False
    size: float = 1.0


class PointPlot(RunPlot):
    """Points of runs; those on the front are joined by steps, dominated ones are pale."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, title)
        self._points: tuple[RunPoint, ...] = ()
        self._front: tuple[tuple[float, float], ...] = ()
        self._titles = "", ""

    def set_points(
        self, points: Sequence[RunPoint], titles: tuple[str, str], front: Sequence[tuple[float, float]] = ()
    ) -> None:
        """Replace everything.

        Args:
            points: The runs.
            titles: Titles of the horizontal and the vertical axis.
            front: Places to join by a line, from left to right.
        """
        self._points, self._titles, self._front = tuple(points), titles, tuple(front)
        self.setAccessibleDescription("; ".join(point.tip.replace("\n", ", ") for point in points))
        self.update()

    def _scales(self) -> tuple[QRectF, Scale, Scale]:
        xs, ys = [point.x for point in self._points], [point.y for point in self._points]
        texts = [text for _, text in Scale.over(ys, self.height(), 0).ticks(42)]
        area = plot_area(self, texts, below=2)
        return area, Scale.over(xs, area.left(), area.right()), Scale.over(ys, area.bottom(), area.top())

    def marks(self) -> Sequence[Mark]:
        """The points, where they are now."""
        if not self._points:
            return ()
        _, x, y = self._scales()
        return [Mark(point.run, point.tip, QPointF(x.place(point.x), y.place(point.y))) for point in self._points]

    def draw(self, painter: QPainter) -> None:
        """Draw axes, front and points."""
        area, x, y = self._scales()
        draw_axes(painter, area, x, y, self._titles)
        if len(self._front) > 1:
            painter.setPen(QPen(ink("muted"), 1.2, Qt.PenStyle.DashLine))
            painter.drawPolyline(QPolygonF([QPointF(x.place(a), y.place(b)) for a, b in self._front]))
        for point in sorted(self._points, key=lambda point: not point.dimmed):
            place, radius = QPointF(x.place(point.x), y.place(point.y)), _RADIUS * point.size
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink(point.color, _DIMMED if point.dimmed else 1.0))
            painter.drawEllipse(place, radius, radius)
            if point.run == self.picked:
                painter.setPen(QPen(ink("text"), 1.6))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(place, radius + 4, radius + 4)
