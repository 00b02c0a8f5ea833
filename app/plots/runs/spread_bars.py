"""A bar for each group of runs at its mean, with its standard deviation and each of its runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen

from app.plots.runs.run_plot import Mark, RunPlot, Scale, draw_axes, ink, plot_area
from mtl_core.analysis.statistics import Spread

_MAX_BAR = 90.0


@dataclass(frozen=True)
class SpreadBar:
    """A group: its title, hue, and the number, tooltip and value of each run."""

    title: str
    color: int
    members: tuple[tuple[int, str, float], ...]


class SpreadBars(RunPlot):
    """Bars from zero; where all values are far from it, from below the lowest."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, title)
        self._bars: tuple[SpreadBar, ...] = ()
        self._title = ""

    def set_bars(self, bars: Sequence[SpreadBar], title: str) -> None:
        """Replace everything; groups without runs are left out."""
        self._bars, self._title = tuple(bar for bar in bars if bar.members), title
        self.setAccessibleDescription(
            "; ".join(f"{bar.title}: {Spread.of([m[2] for m in bar.members]).text()}" for bar in self._bars)
        )
        self.update()

    def _scale(self) -> tuple[QRectF, Scale]:
        values = [value for bar in self._bars for _, _, value in bar.members]
        spread = max(values) - min(values)
        far = min(values) > 0 and spread < 0.25 * max(values)
        ends = values if far else [*values, 0.0]
        texts = [text for _, text in Scale.over(ends, self.height(), 0).ticks(42)]
        area = plot_area(self, texts, below=1)
        return area, Scale.over(ends, area.bottom(), area.top(), margin=0.15 if far else 0.07)

    def _middle(self, area: QRectF, index: int) -> float:
        return area.left() + (index + 0.5) * area.width() / len(self._bars)

    def marks(self) -> Sequence[Mark]:
        """The points of the runs, where they are now."""
        if not self._bars:
            return ()
        area, y = self._scale()
        return [
            Mark(run, tip, QPointF(self._middle(area, index) + _shift(place, len(bar.members)), y.place(value)))
            for index, bar in enumerate(self._bars)
            for place, (run, tip, value) in enumerate(bar.members)
        ]

    def draw(self, painter: QPainter) -> None:
        """Draw bars, standard deviations and points."""
        area, y = self._scale()
        draw_axes(painter, area, None, y, ("", self._title))
        metrics = QFontMetrics(painter.font())
        room = area.width() / len(self._bars)
        width = min(room * 0.6, _MAX_BAR)
        base = y.place(max(y.low, 0.0)) if y.high > 0 else y.place(0.0)
        for index, bar in enumerate(self._bars):
            middle, spread = self._middle(area, index), Spread.of([value for _, _, value in bar.members])
            top = y.place(spread.mean)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink(bar.color, 0.45))
            painter.drawRect(QRectF(middle - width / 2, min(top, base), width, abs(base - top)))
            if spread.sd > 0:
                painter.setPen(QPen(ink("text"), 1.4))
                ends = [y.place(spread.mean + sign * spread.sd) for sign in (-1, 1)]
                painter.drawLine(QPointF(middle, ends[0]), QPointF(middle, ends[1]))
                for end in ends:
                    painter.drawLine(QPointF(middle - 6, end), QPointF(middle + 6, end))
            painter.setPen(ink("text"))
            text = metrics.elidedText(bar.title, Qt.TextElideMode.ElideMiddle, int(room - 6))
            place = QRectF(middle - room / 2, area.bottom() + 4, room, metrics.height() + 2)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        colors = {run: bar.color for bar in self._bars for run, _, _ in bar.members}
        for mark in self.marks():
            chosen = mark.run == self.picked
            painter.setPen(QPen(ink("text"), 1.6) if chosen else QPen(ink("surface"), 1))
            painter.setBrush(ink(colors[mark.run]))
            painter.drawEllipse(mark.place, 6.0 if chosen else 4.0, 6.0 if chosen else 4.0)


def _shift(place: int, count: int) -> float:
    """Pixels beside the middle of a bar, so that equal values stay apart."""
    return (place - (count - 1) / 2) * min(10.0, 60.0 / count)
