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
class Kind:
    """A line style and its meaning."""

    text: str
    dash: bool = False
    faint: bool = False
    marker: bool = False


TRAIN = Kind("training")
RAW = Kind("before smoothing", faint=True)
VALIDATION = Kind("validation", dash=True)
MOVED = Kind("weights moved", marker=True)


class Legend(QWidget):
    """Line samples with their meaning, shared by all plots of a page.

    Args:
        kinds: From left to right.
    """

    def __init__(self, kinds: Sequence[Kind]) -> None:
        super().__init__()
        self.setAccessibleName("Legend: " + ", ".join(_in_words(kind) for kind in kinds))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 2)
        for index, kind in enumerate(kinds):
            if index:
                row.addSpacing(GAP)
            row.addWidget(_Sample(kind))
            label = Muted(kind.text)
            label.setFont(small_font())
            row.addWidget(label)


class _Sample(QWidget):
    """A short line of a kind."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """As high as the words beside it."""
        return QSize(_LENGTH, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        ink = QColor(resolve("muted" if self._kind.marker else "text"))
        ink.setAlphaF(FAINT_ALPHA if self._kind.faint else 1.0)
        pen = QPen(ink, 1.5)
        pattern = [2.0, 3.0] if self._kind.marker else dash_pattern(dash=self._kind.dash)
        if pattern:
            pen.setDashPattern(pattern)
        painter = QPainter(self)
        painter.setPen(pen)
        middle = QPointF(self.width() / 2, self.height() / 2)
        if self._kind.marker:
            painter.drawLine(QPointF(middle.x(), 1), QPointF(middle.x(), self.height() - 1))
        else:
            painter.drawLine(QPointF(0, middle.y()), QPointF(self.width(), middle.y()))
        painter.end()


def _in_words(kind: Kind) -> str:
    look = "vertical line" if kind.marker else "faint" if kind.faint else "dashed" if kind.dash else "solid"
    return f"{look} {kind.text}"
