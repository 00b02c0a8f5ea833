"""The words of a text, colored by what each contributed to a prediction."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.formatting import format_metric
from app.plots import cell_color
from app.theme import manager, theme
from app.widgets import plain_tooltip

_PADDING, _GAP = 4, 3


class WordHeat(QWidget):
    """Draws words in lines as wide as the widget in the colors of the bars, stronger for greater attributions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self._values: tuple[float, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        manager().changed.connect(self.update)

    @property
    def words(self) -> tuple[str, ...]:
        """The words drawn."""
        return self._words

    def set_words(self, words: Sequence[str], values: Sequence[float]) -> None:
        """Show another text, with the attribution of each word."""
        self._words, self._values = tuple(words), tuple(values)
        pairs = zip(words, values, strict=True)
        self.setAccessibleDescription(", ".join(f"{word} {format_metric(value)}" for word, value in pairs))
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Words wrap."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of all lines."""
        boxes = self._boxes(width)
        return round(boxes[-1].bottom()) + _GAP if boxes else self._line()

    def sizeHint(self) -> QSize:
        """As high as the lines at the present width."""
        return QSize(320, self.heightForWidth(max(self.width(), 200)))

    def minimumSizeHint(self) -> QSize:
        """One line."""
        return QSize(160, self._line())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the words."""
        painter = QPainter(self)
        greatest = max((abs(value) for value in self._values), default=0.0) or 1.0
        painter.setPen(QColor(theme().text))
        for box, word, value in zip(self._boxes(self.width()), self._words, self._values, strict=True):
            painter.fillRect(box, cell_color(value / greatest))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, word)

    def tooltip_at(self, point: QPoint) -> str:
        """The word and its attribution at a point of this widget; empty for none."""
        for box, word, value in zip(self._boxes(self.width()), self._words, self._values, strict=True):
            if box.contains(point.toPointF()):
                return f"{word}: {format_metric(value)}"
        return ""

    def event(self, event: QEvent) -> bool:
        """Show the attribution of the word under the cursor."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            if text := self.tooltip_at(event.pos()):
                QToolTip.showText(event.globalPos(), plain_tooltip(text), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _line(self) -> int:
        return QFontMetrics(self.font()).height() + _PADDING

    def _boxes(self, width: int) -> list[QRectF]:
        """The place of each word."""
        metrics, height = QFontMetrics(self.font()), self._line()
        boxes: list[QRectF] = []
        left = top = 0
        for word in self._words:
            wide = metrics.horizontalAdvance(word) + 2 * _PADDING
            if left and left + wide > width:
                left, top = 0, top + height + _GAP
            boxes.append(QRectF(left, top, wide, height))
            left += wide + _GAP
        return boxes
