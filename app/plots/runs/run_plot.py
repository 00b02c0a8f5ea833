"""The base of plots whose marks stand for runs: painting, tooltips and picking."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.formatting import format_ticks
from app.plots.decimation import nice_step
from app.theme import manager, resolve, small_font, theme
from app.widgets import plain_tooltip

PICK_DISTANCE = 12.0
"""Pixels from the cursor within which a mark is picked."""


@dataclass(frozen=True)
class Mark:
    """What stands for a run in the picture.

    Attributes:
        run: The run.
        tip: Its tooltip.
        place: Where it is, in pixels.
    """

    run: int
    tip: str
    place: QPointF


class RunPlot(QWidget):
    """A plot of runs; ``runPicked(run)``: a person clicked the mark of a run."""

    runPicked = Signal(int)

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(260)
        self.picked: int | None = None
        self._empty = "Test metrics appear when the runs have finished."
        manager().changed.connect(self.update)

    @abstractmethod
    def marks(self) -> Sequence[Mark]:
        """The marks of the runs, where they are now."""

    @abstractmethod
    def draw(self, painter: QPainter) -> None:
        """Draw the plot, which has something to show."""

    def set_picked(self, run: int | None) -> None:
        """Emphasize a run."""
        self.picked = run
        self.update()

    def sizeHint(self) -> QSize:
        """A comfortable size."""
        return QSize(560, 300)

    def mark_at(self, position: QPointF) -> Mark | None:
        """The mark that is nearest to a place, if it is near enough to be meant."""
        marks = [(math.hypot((m.place - position).x(), (m.place - position).y()), m) for m in self.marks()]
        near = min(marks, key=lambda pair: pair[0], default=None)
        return near[1] if near is not None and near[0] <= PICK_DISTANCE else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pick the run under the cursor."""
        mark = self.mark_at(event.position())
        if mark is not None and event.button() == Qt.MouseButton.LeftButton:
            self.runPicked.emit(mark.run)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show where a click picks a run."""
        near = self.mark_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if near else Qt.CursorShape.ArrowCursor)

    def event(self, event: QEvent) -> bool:
        """Name the run under the cursor."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            mark = self.mark_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), plain_tooltip(mark.tip) if mark else "", self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the plot, or why there is nothing."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small_font())
        if self.marks():
            self.draw(painter)
        else:
            painter.setPen(QColor(theme().muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty)
        painter.end()


@dataclass(frozen=True)
class Scale:
    """A linear axis: the values at its ends, and where the ends lie in pixels."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float, *, margin: float = 0.07) -> Scale:
        """An axis over all values, with space at both ends."""
        low, high = min(values), max(values)
        space = (high - low) * margin or max(abs(low), 1e-6) * 0.1
        return cls(low - space, high + space, start, end)

    def place(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, room: float) -> list[tuple[float, str]]:
        """Round values and their texts, with at least so many pixels between them."""
        step = nice_step((self.high - self.low) * room / max(abs(self.end - self.start), room))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        values = [round(index * step, 12) for index in range(first, last + 1)]
        return list(zip(values, format_ticks(values, step), strict=True))


def draw_axes(painter: QPainter, area: QRectF, x: Scale | None, y: Scale, titles: tuple[str, str]) -> None:
    """Draw a grid with the texts of the ticks and the titles of both axes; without ``x`` only the vertical one."""
    tokens, metrics = theme(), QFontMetrics(painter.font())
    line = QColor(tokens.grid[0])
    line.setAlphaF(tokens.grid[1])
    for value, text in y.ticks(42):
        place = y.place(value)
        painter.setPen(line)
        painter.drawLine(QPointF(area.left(), place), QPointF(area.right(), place))
        painter.setPen(QColor(tokens.muted))
        painter.drawText(
            QPointF(area.left() - 6 - metrics.horizontalAdvance(text), place + metrics.ascent() / 2 - 1), text
        )
    for value, text in x.ticks(80) if x is not None else ():
        place = x.place(value) if x is not None else 0.0
        painter.setPen(line)
        painter.drawLine(QPointF(place, area.top()), QPointF(place, area.bottom()))
        painter.setPen(QColor(tokens.muted))
        painter.drawText(
            QPointF(place - metrics.horizontalAdvance(text) / 2, area.bottom() + metrics.ascent() + 4), text
        )
    painter.setPen(QColor(tokens.text))
    if titles[0]:
        bottom = QRectF(area.left(), area.bottom() + metrics.height() + 4, area.width(), metrics.height() + 4)
        painter.drawText(bottom, Qt.AlignmentFlag.AlignCenter, titles[0])
    top = QRectF(0, 0, area.right(), area.top() - 4)
    painter.drawText(top, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, titles[1])


def plot_area(plot: QWidget, y_texts: Sequence[str], *, below: int) -> QRectF:
    """The part of a plot within its axes.

    Args:
        plot: The plot.
        y_texts: Texts of the ticks of the vertical axis.
        below: Number of lines of text below the plot.
    """
    metrics = QFontMetrics(small_font())
    left = max((metrics.horizontalAdvance(text) for text in y_texts), default=0) + 14
    top, bottom = metrics.height() + 10, below * (metrics.height() + 4) + 4
    return QRectF(left, top, max(plot.width() - left - 16, 1), max(plot.height() - top - bottom, 1))


def ink(color: int | str, alpha: float = 1.0) -> QColor:
    """A hue by number or a token, more or less transparent."""
    found = QColor(resolve(color))
    found.setAlphaF(alpha)
    return found
