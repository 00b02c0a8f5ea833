"""Horizontal bars to both sides of zero, one for each name, with an optional spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.theme import GAP, manager, small_font, theme
from app.widgets import plain_tooltip

_ROW_LINES = 1.7
"""Height of a row, in lines of text."""
_BAR_SHARE = 0.62
_MOST_NAME_SHARE = 0.4


@dataclass(frozen=True)
class SignedBar:
    """One bar.

    Attributes:
        name: What it stands for.
        value: Its length: to the right if positive, else to the left.
        text: The value as text.
        spread: Half the length of the line at its end; 0 for none.
    """

    name: str
    value: float
    text: str
    spread: float = 0.0


class SignedBars(QWidget):
    """Draws the bars below each other, with names at the left and values at the right; as high as its rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: tuple[SignedBar, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        manager().changed.connect(self.update)

    @property
    def bars(self) -> tuple[SignedBar, ...]:
        """What is drawn."""
        return self._bars

    def set_bars(self, bars: Sequence[SignedBar]) -> None:
        """Replace all bars."""
        self._bars = tuple(bars)
        self.setAccessibleDescription(", ".join(f"{bar.name}: {bar.text}" for bar in bars))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As high as the rows."""
        return QSize(320, self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """The same height, and a width at which names are readable."""
        return QSize(200, round(self._row_height() * max(len(self._bars), 1)))

    def bar_rect(self, index: int) -> QRectF:
        """Rectangle of a bar in this widget."""
        area, zero = self._area(), self._place(0.0)
        end = self._place(self._bars[index].value)
        height = self._row_height()
        top = area.top() + index * height + height * (1 - _BAR_SHARE) / 2
        return QRectF(min(zero, end), top, abs(end - zero), height * _BAR_SHARE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw names, bars, spreads and values."""
        if not self._bars:
            return
        painter = QPainter(self)
        painter.setFont(small_font())
        metrics = QFontMetrics(small_font())
        area, height, tokens = self._area(), self._row_height(), theme()
        painter.setPen(QPen(QColor(tokens.border), 1))
        zero = self._place(0.0)
        painter.drawLine(QPointF(zero, area.top()), QPointF(zero, area.bottom()))
        middle = Qt.AlignmentFlag.AlignVCenter
        for index, bar in enumerate(self._bars):
            top = area.top() + index * height
            painter.fillRect(self.bar_rect(index), QColor(tokens.agree if bar.value > 0 else tokens.disagree))
            if bar.spread:
                self._draw_spread(painter, bar, top + height / 2)
            painter.setPen(QColor(tokens.text))
            name = metrics.elidedText(bar.name, Qt.TextElideMode.ElideMiddle, int(area.left() - GAP))
            painter.drawText(QRectF(0, top, area.left() - GAP, height), Qt.AlignmentFlag.AlignRight | middle, name)
            painter.setPen(QColor(tokens.muted))
            right = QRectF(area.right() + GAP, top, self.width() - area.right() - GAP, height)
            painter.drawText(right, Qt.AlignmentFlag.AlignLeft | middle, bar.text)

    def event(self, event: QEvent) -> bool:
        """Show the whole name and the value of the bar under the cursor."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip and self._bars:
            index = int(event.pos().y() / self._row_height())
            if 0 <= index < len(self._bars):
                bar = self._bars[index]
                QToolTip.showText(event.globalPos(), plain_tooltip(f"{bar.name}: {bar.text}"), self)
                return True
        return super().event(event)

    def _draw_spread(self, painter: QPainter, bar: SignedBar, y: float) -> None:
        low, high = self._place(bar.value - bar.spread), self._place(bar.value + bar.spread)
        painter.setPen(QPen(QColor(theme().text), 1))
        painter.drawLine(QPointF(low, y), QPointF(high, y))
        for x in (low, high):
            painter.drawLine(QPointF(x, y - 3), QPointF(x, y + 3))

    def _place(self, value: float) -> float:
        """Horizontal place of a value."""
        low = min(0.0, *(bar.value - bar.spread for bar in self._bars))
        high = max(0.0, *(bar.value + bar.spread for bar in self._bars))
        area = self._area()
        return area.left() + (value - low) / ((high - low) or 1.0) * area.width()

    def _row_height(self) -> float:
        return QFontMetrics(small_font()).height() * _ROW_LINES

    def _area(self) -> QRectF:
        metrics = QFontMetrics(small_font())
        names = max((metrics.horizontalAdvance(bar.name) for bar in self._bars), default=0) + GAP + 2
        texts = max((metrics.horizontalAdvance(bar.text) for bar in self._bars), default=0) + 2 * GAP
        left = min(float(names), _MOST_NAME_SHARE * self.width())
        return QRectF(left, 0, max(self.width() - left - texts, 20.0), self._row_height() * len(self._bars))
