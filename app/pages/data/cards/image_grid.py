"""A grid of example images with their labels."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import CARD_GAP, GAP, resolve, theme

_LEAST = 84
Label = tuple[str, int | None]
"""A label and the series index of its task, None where no task predicts it."""


class ImageGrid(QWidget):
    """Paints example images in rows, enlarged without smoothing, with a label per task in its color."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("example-images")
        self.setAccessibleName("Example images")
        self._images: list[QImage] = []
        self._labels: list[tuple[Label, ...]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)

    def show_images(self, images: Sequence[Sequence[Sequence[int]]], *, color: bool = False) -> None:
        """Other images: rows of gray values 0…255, or with ``color`` of 0xRRGGBB."""
        self._images = [_image(rows, color=color) for rows in images]
        self._reserve()
        self.update()

    def set_labels(self, labels: Sequence[Sequence[Label]]) -> None:
        """The labels below the images."""
        self._labels = [tuple(words) for words in labels]
        words = [" ".join(text for text, _ in label) for label in self._labels]
        self.setAccessibleDescription("; ".join(words))
        self.update()

    def sizeHint(self) -> QSize:
        """Room for all images at this width."""
        return QSize(6 * (_LEAST + CARD_GAP), self._height_for(max(self.width(), 6 * (_LEAST + CARD_GAP))))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Reserve the height that this width needs."""
        super().resizeEvent(event)
        self._reserve()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw images and labels."""
        painter = QPainter(self)
        columns = self._columns()
        for place, image in enumerate(self._images):
            row, column = divmod(place, columns)
            side = self._side(self.width(), columns)
            box = QRect(column * (side + CARD_GAP), row * self._row_height(side), side, side)
            painter.fillRect(box, QColor(theme().sunken))
            painter.drawImage(box, image)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._draw_label(painter, box, self._labels[place] if place < len(self._labels) else ())
        painter.end()

    def _draw_label(self, painter: QPainter, box: QRect, words: Sequence[Label]) -> None:
        if not words:
            return
        share = box.width() / len(words)
        for place, (text, color) in enumerate(words):
            space = QRect(round(box.left() + place * share), box.bottom() + 3, round(share), self._line())
            painter.setPen(QColor(resolve("text")))
            painter.drawText(space, Qt.AlignmentFlag.AlignCenter, text)
            if color is not None:  # beside the words, as not every color of the cycle can be read as one
                dot = space.center().x() - painter.fontMetrics().horizontalAdvance(text) / 2 - 8
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(resolve(color)))
                painter.drawEllipse(QPointF(dot, space.center().y() + 1), 3, 3)

    def _reserve(self) -> None:
        self.setMinimumHeight(self._height_for(self.width()) if self._images else 0)

    def _height_for(self, width: int, columns: int = 0) -> int:
        """The height of all rows; by default with as many columns as there is room for."""
        columns = columns or self._most_columns(width)
        return -(-len(self._images) // columns) * self._row_height(self._side(width, columns))

    def _most_columns(self, width: int) -> int:
        return max(1, (width + CARD_GAP) // (_LEAST + CARD_GAP))

    def _columns(self) -> int:
        """As few as leave room for all rows, so that the images are as large as can be."""
        most = self._most_columns(self.width())
        return next((c for c in range(1, most) if self._height_for(self.width(), c) <= self.height()), most)

    def _side(self, width: int, columns: int) -> int:
        """As large as fills the width."""
        return max(_LEAST, (width + CARD_GAP) // columns - CARD_GAP)

    def _line(self) -> int:
        return self.fontMetrics().height()

    def _row_height(self, side: int) -> int:
        return side + self._line() + GAP + 4


def _image(rows: Sequence[Sequence[int]], *, color: bool) -> QImage:
    if color:
        packed = np.ascontiguousarray(np.asarray(rows, np.uint32))
        height, width = packed.shape
        return QImage(packed.tobytes(), width, height, 4 * width, QImage.Format.Format_RGB32).copy()
    pixels = np.ascontiguousarray(np.asarray(rows, np.uint8))
    height, width = pixels.shape
    # A copy, since QImage does not keep the array alive.
    return QImage(pixels.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()
