"""The colors of the classes of a map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import CARD_GAP, GAP, resolve, small_font

_DOT = 10


class ClassLegend(QWidget):
    """Paints a dot and the name of each class, in as many lines as they need."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._names: tuple[str, ...] = ()
        self.setFont(small_font())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_names(self, names: Sequence[str]) -> None:
        """Show classes in the order of their colors."""
        if tuple(names) != self._names:
            self._names = tuple(names)
            self.setAccessibleName("Classes: " + ", ".join(names))
            self._fit_height()
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Reserve the height that this width needs."""
        super().resizeEvent(event)
        self._fit_height()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw dots and names."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, (box, name) in enumerate(self._places()):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(resolve(index)))
            painter.drawEllipse(box.left(), box.center().y() - _DOT // 2 + 1, _DOT, _DOT)
            painter.setPen(QColor(resolve("text")))
            text = box.adjusted(_DOT + GAP // 2, 0, 0, 0)
            painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        painter.end()

    def _places(self) -> Iterator[tuple[QRect, str]]:
        metrics, x, top = QFontMetrics(self.font()), 0, 0
        for name in self._names:
            width = _DOT + GAP // 2 + metrics.horizontalAdvance(name) + 2
            if x and x + width > self.width():
                x, top = 0, top + metrics.height() + GAP // 2
            yield QRect(x, top, width, metrics.height()), name
            x += width + CARD_GAP

    def _fit_height(self) -> None:
        self.setFixedHeight(max((box.bottom() + 1 for box, _ in self._places()), default=0))
