"""A grid of example images with their labels."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import CARD_GAP, GAP, resolve, theme
from app.widgets.pixel_image import pixel_image

_MIN_SIDE = 84
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
        """Show images, each as rows of pixels: gray values from 0 to 255, or 0xRRGGBB with ``color``."""
        self._images = [pixel_image(rows, color=color) for rows in images]
        self._update_minimum_height()
        self.update()

    def set_labels(self, labels: Sequence[Sequence[Label]]) -> None:
        """Set the labels below the images."""
        self._labels = [tuple(label) for label in labels]
        texts = [" ".join(text for text, _ in label) for label in self._labels]
        self.setAccessibleDescription("; ".join(texts))
        self.update()

    def sizeHint(self) -> QSize:
        """The size at which all images fit at the current width."""
        return QSize(6 * (_MIN_SIDE + CARD_GAP), self._height_for(max(self.width(), 6 * (_MIN_SIDE + CARD_GAP))))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Reserve the height that this width needs."""
        super().resizeEvent(event)
        self._update_minimum_height()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw images and labels."""
        painter = QPainter(self)
        columns = self._columns()
        for index, image in enumerate(self._images):
            row, column = divmod(index, columns)
            side = self._side(self.width(), columns)
            box = QRect(column * (side + CARD_GAP), row * self._row_height(side), side, side)
            painter.fillRect(box, QColor(theme().sunken))
            painter.drawImage(box, image)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._draw_labels(painter, box, self._labels[index] if index < len(self._labels) else ())
        painter.end()

    def _draw_labels(self, painter: QPainter, box: QRect, labels: Sequence[Label]) -> None:
        if not labels:
            return
        share = box.width() / len(labels)
        for index, (text, color) in enumerate(labels):
            space = QRect(round(box.left() + index * share), box.bottom() + 3, round(share), self._label_height())
            painter.setPen(QColor(resolve("text")))
            painter.drawText(space, Qt.AlignmentFlag.AlignCenter, text)
            if color is not None:  # a dot beside the text: not every color of the cycle is readable as text
                dot = space.center().x() - painter.fontMetrics().horizontalAdvance(text) / 2 - 8
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(resolve(color)))
                painter.drawEllipse(QPointF(dot, space.center().y() + 1), 3, 3)

    def _update_minimum_height(self) -> None:
        self.setMinimumHeight(self._height_for(self.width()) if self._images else 0)

    def _height_for(self, width: int, columns: int = 0) -> int:
        """The height of all rows with so many columns; 0: as many as fit."""
        columns = columns or self._most_columns(width)
        return -(-len(self._images) // columns) * self._row_height(self._side(width, columns))

    def _most_columns(self, width: int) -> int:
        return max(1, (width + CARD_GAP) // (_MIN_SIDE + CARD_GAP))

    def _columns(self) -> int:
        """The smallest number of columns at which all rows fit, so that the images are as large as possible."""
        most = self._most_columns(self.width())
        return next((c for c in range(1, most) if self._height_for(self.width(), c) <= self.height()), most)

    def _side(self, width: int, columns: int) -> int:
        """The side of an image at which so many columns fill the width."""
        return max(_MIN_SIDE, (width + CARD_GAP) // columns - CARD_GAP)

    def _label_height(self) -> int:
        return self.fontMetrics().height()

    def _row_height(self, side: int) -> int:
        return side + self._label_height() + GAP + 4
