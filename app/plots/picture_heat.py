"""A picture with the attribution of each of its blocks drawn over it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.formatting import format_metric
from app.plots.tooltips import show_tooltip
from app.theme import GAP, manager, theme

_HEIGHT = 240
_OPAQUE = 0.75
"""Opacity of the block with the greatest attribution."""


class PictureHeat(QWidget):
    """Draws the picture as it is, and beside it in gray under the colors of the attributions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._heat: tuple[tuple[float, ...], ...] = ()
        self._greatest = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        manager().changed.connect(self.update)

    @property
    def heat(self) -> tuple[tuple[float, ...], ...]:
        """The attributions drawn."""
        return self._heat

    def set_picture(self, image: QImage, heat: Sequence[Sequence[float]]) -> None:
        """Show another picture.

        Args:
            image: The picture.
            heat: [R, C] attributions of its blocks, rows from the top.
        """
        self._image, self._heat = image, tuple(map(tuple, heat))
        self._greatest = max((abs(value) for row in self._heat for value in row), default=0.0) or 1.0
        self.update()

    def sizeHint(self) -> QSize:
        """Room for two pictures."""
        return QSize(2 * _HEIGHT, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """The same height."""
        return QSize(200, _HEIGHT)

    def tooltip_at(self, point: QPointF) -> str:
        """The attribution of the block at a point of this widget; empty for none."""
        boxes = self._boxes()
        if boxes is None or not self._heat or not boxes[1].contains(point):
            return ""
        box = boxes[1]
        row = min(int((point.y() - box.top()) / box.height() * len(self._heat)), len(self._heat) - 1)
        column = min(int((point.x() - box.left()) / box.width() * len(self._heat[0])), len(self._heat[0]) - 1)
        return f"Block {row + 1}, {column + 1}: {format_metric(self._heat[row][column])}"

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw both pictures."""
        boxes = self._boxes()
        if boxes is None or self._image is None:
            return
        painter = QPainter(self)
        plain, heated = boxes
        painter.drawImage(plain, self._image)
        painter.drawImage(heated, self._image.convertToFormat(QImage.Format.Format_Grayscale8))
        width, height = heated.width() / len(self._heat[0]), heated.height() / len(self._heat)
        tokens = theme()
        for i, row in enumerate(self._heat):
            for j, value in enumerate(row):
                color = QColor(tokens.agree if value > 0 else tokens.disagree)
                color.setAlphaF(_OPAQUE * abs(value) / self._greatest)
                painter.fillRect(QRectF(heated.left() + j * width, heated.top() + i * height, width, height), color)

    def event(self, event: QEvent) -> bool:
        """Show the attribution under the cursor."""
        return show_tooltip(self, event, self.tooltip_at) or super().event(event)

    def _boxes(self) -> tuple[QRectF, QRectF] | None:
        """The places of the plain picture and of the one with attributions."""
        if self._image is None or not self._heat or self._image.isNull():
            return None
        room = QSize(max((self.width() - 2 * GAP) // 2, 1), self.height())
        size = self._image.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        plain = QRectF(0, 0, size.width(), size.height())
        return plain, plain.translated(size.width() + 2 * GAP, 0)
