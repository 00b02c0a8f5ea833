"""Bar plots and histograms of label counts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.formatting import format_number
from app.theme import manager, resolve, small_font, theme
from app.widgets import plain_tooltip
from mtl_core.text import group_digits

_GAP = 2.0


class BarPlot(QWidget):
    """A bar per name, with its count as tooltip; names that do not fit are omitted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[str, ...] = ()
        self._counts: tuple[float, ...] = ()
        self._color: int | str = 0
        self._empty = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        manager().changed.connect(self.update)

    def set_bars(self, labels: Sequence[str], counts: Sequence[float], *, color: int | str = 0) -> None:
        """Replaces the bars; ``labels`` and ``counts`` have the same length, counts are not negative."""
        self._labels, self._counts, self._color = tuple(labels), tuple(counts), color
        self.setAccessibleDescription(", ".join(f"{n}: {group_digits(c)}" for n, c in zip(labels, counts, strict=True)))
        self.update()

    def set_empty_text(self, text: str) -> None:
        """Set the text shown while there are no bars."""
        self._empty = text
        self.update()

    def sizeHint(self) -> QSize:
        """A comfortable size."""
        return QSize(240, 120)

    def minimumSizeHint(self) -> QSize:
        """The smallest readable size."""
        return QSize(100, 60)

    def bar_rect(self, index: int) -> QRectF:
        """Rectangle of a bar in this widget."""
        area = self._area()
        width = area.width() / len(self._counts)
        height = area.height() * self._counts[index] / (max(self._counts) or 1.0)
        gap = _GAP if width > 3 * _GAP else 0.0
        return QRectF(area.left() + index * width + gap / 2, area.bottom() - height, width - gap, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the bars, the base line and the names."""
        painter = QPainter(self)
        painter.setFont(small_font())
        if not self._counts:
            painter.setPen(QColor(theme().muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty)
            return
        color = QColor(resolve(self._color))
        for index in range(len(self._counts)):
            painter.fillRect(self.bar_rect(index), color)
        area = self._area()
        painter.setPen(QPen(QColor(theme().border), 1))
        painter.drawLine(QPointF(area.left(), area.bottom() + 0.5), QPointF(area.right(), area.bottom() + 0.5))
        painter.setPen(QColor(theme().muted))
        self._draw_labels(painter, area)

    def event(self, event: QEvent) -> bool:
        """Shows the count of the bar under the cursor."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip and self._counts:
            index = int((event.pos().x() - self._area().left()) / self._area().width() * len(self._counts))
            if 0 <= index < len(self._counts):
                QToolTip.showText(
                    event.globalPos(), plain_tooltip(f"{self._name(index)}: {group_digits(self._counts[index])}"), self
                )
                return True
        return super().event(event)

    def _name(self, index: int) -> str:
        return self._labels[index]

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(0, 4, 0, -QFontMetrics(small_font()).height() - 4)

    def _draw_labels(self, painter: QPainter, area: QRectF) -> None:
        metrics = QFontMetrics(small_font())
        width = area.width() / len(self._counts)
        widest = max(metrics.horizontalAdvance(name) for name in self._labels) + 6
        every = max(1, int(-(-min(widest, 90) // width)))
        for index in range(0, len(self._labels), every):
            space = QRectF(area.left() + index * width, area.bottom() + 3, width * every, metrics.height())
            text = metrics.elidedText(self._labels[index], Qt.TextElideMode.ElideRight, int(space.width()))
            if every > 1:
                left = space.left() - (space.width() - width) / 2
                space.moveLeft(max(area.left(), min(left, area.right() - space.width())))
            painter.drawText(space, Qt.AlignmentFlag.AlignCenter, text)


class Histogram(BarPlot):
    """Counts over equal bins, with the lowest and highest value under the ends."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edges: tuple[float, ...] = (0.0, 1.0)

    def set_counts(self, edges: Sequence[float], counts: Sequence[float], *, color: int | str = 0) -> None:
        """Replaces the bars.

        Args:
            edges: ``[B + 1]`` ascending bin edges.
            counts: ``[B]`` number of values per bin.
            color: A hue by number, a theme token or ``#RRGGBB``.
        """
        self._edges = tuple(edges)
        names = [f"{format_number(a)} … {format_number(b)}" for a, b in pairwise(edges)]
        self.set_bars(names, counts, color=color)

    def _draw_labels(self, painter: QPainter, area: QRectF) -> None:
        below = QRectF(area.left(), area.bottom() + 3, area.width(), QFontMetrics(small_font()).height())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, format_number(self._edges[0]))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, format_number(self._edges[-1]))
