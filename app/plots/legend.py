"""A legend of line styles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.plots.canvas import FAINT_ALPHA, dash_pattern
from app.theme import GAP, resolve, small_font
from app.widgets import Muted

_LENGTH = 26


@dataclass(frozen=True)
class LineStyle:
    """A line style and its meaning."""

    text: str
    dash: bool = False
    faint: bool = False
    marker: bool = False


TRAIN = LineStyle("training")
RAW = LineStyle("before smoothing", faint=True)
VALIDATION = LineStyle("validation", dash=True)
WEIGHTS_CHANGED = LineStyle("event", marker=True)


class Legend(QWidget):
    """Line samples with their meaning, shared by all plots of a page.

    Args:
        styles: The line styles, from left to right.
    """

    def __init__(self, styles: Sequence[LineStyle]) -> None:
        super().__init__()
        self.setAccessibleName("Legend: " + ", ".join(_style_text(style) for style in styles))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 2)
        for index, style in enumerate(styles):
            if index:
                row.addSpacing(GAP)
            row.addWidget(_Sample(style))
            label = Muted(style.text)
            label.setFont(small_font())
            row.addWidget(label)


class _Sample(QWidget):
    """A short line in one style."""

    def __init__(self, style: LineStyle) -> None:
        super().__init__()
        self._style = style
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """As high as the label beside it."""
        return QSize(_LENGTH, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        ink = QColor(resolve("muted" if self._style.marker else "text"))
        ink.setAlphaF(FAINT_ALPHA if self._style.faint else 1.0)
        pen = QPen(ink, 1.5)
        pattern = [2.0, 3.0] if self._style.marker else dash_pattern(dash=self._style.dash)
        if pattern:
            pen.setDashPattern(pattern)
        painter = QPainter(self)
        painter.setPen(pen)
        middle = QPointF(self.width() / 2, self.height() / 2)
        if self._style.marker:
            painter.drawLine(QPointF(middle.x(), 1), QPointF(middle.x(), self.height() - 1))
        else:
            painter.drawLine(QPointF(0, middle.y()), QPointF(self.width(), middle.y()))
        painter.end()


def _style_text(style: LineStyle) -> str:
    look = "vertical line" if style.marker else "faint" if style.faint else "dashed" if style.dash else "solid"
    return f"{look} {style.text}"
