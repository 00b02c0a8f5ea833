"""Pictures of samples with targets and predictions drawn on them, and as text below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.evaluation.sample_drawings import Box, Map, SampleDrawing, overlap
from app.formatting import format_share
from app.theme import CARD_GAP, GAP, resolve, theme
from app.widgets import plain_tooltip

_SIDE = 132
_OPACITY = 150
"""Of the colors of classes over a picture, of 255."""
BOX_COLORS = ("#3FE08A", "#FFB74D")
"""Of the true and the predicted box: bright in both schemes, as they stand on pictures."""
_HALO = "#000000"


class SamplePictures(QWidget):
    """Paints the pictures of samples in rows, enlarged without smoothing.

    A sample of maps of classes has two: with the target, and with the prediction.

    Args:
        name: Name of the widget.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Samples with their predictions")
        self._images: list[QImage | None] = []
        self._drawings: list[SampleDrawing] = []
        self._overlays: list[tuple[QImage, ...]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_samples(self, images: Sequence[QImage | None], drawings: Sequence[SampleDrawing]) -> None:
        """Show samples; a picture is None where the row lacks it."""
        self._images, self._drawings = list(images), list(drawings)
        self._overlays = [() if d.maps is None else tuple(map(map_image, d.maps)) for d in drawings]
        self.setAccessibleDescription("; ".join(map(_describe, drawings)))
        self._fit_height()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Reserve the height that this width needs."""
        super().resizeEvent(event)
        self._fit_height()

    def event(self, event: QEvent) -> bool:
        """Show the texts of a sample, which may be cut off, as its tooltip."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.sample_at(event.pos().x(), event.pos().y())
            text = "" if index is None else _describe(self._drawings[index])
            QToolTip.showText(event.globalPos(), plain_tooltip(text), self)
            return True
        return super().event(event)

    def sample_at(self, x: int, y: int) -> int | None:
        """The index of the sample at a point."""
        return next((index for index in range(len(self._drawings)) if self._cell(index).contains(x, y)), None)

    def picture_rect(self, index: int, part: int = 0) -> QRect:
        """Where a sample's picture is drawn; of maps ``part`` 0 has the target and 1 the prediction."""
        cell = self._cell(index)
        box = QRect(cell.left() + part * (_SIDE + GAP // 2), cell.top(), _SIDE, _SIDE)
        image = self._images[index]
        if image is None:
            return box
        size = image.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        result = QRect(0, 0, *size.toTuple())
        result.moveCenter(box.center())
        return result

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw pictures, what is on them, and texts."""
        painter = QPainter(self)
        for index, drawing in enumerate(self._drawings):
            if self._cell(index).intersects(event.rect()):
                for part in range(self._parts):
                    self._draw_picture(painter, index, part)
                self._draw_texts(painter, self._cell(index), drawing)
        painter.end()

    def _draw_picture(self, painter: QPainter, index: int, part: int) -> None:
        area, image, drawing = self.picture_rect(index, part), self._images[index], self._drawings[index]
        painter.fillRect(area, QColor(theme().sunken))
        if image is None:
            painter.setPen(QColor(theme().muted))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "no picture")
            return
        painter.drawImage(area, image)
        if self._overlays[index]:
            painter.drawImage(area, self._overlays[index][part])
        for box, color, style in zip(
            drawing.boxes or (), BOX_COLORS, (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine), strict=False
        ):
            if box is not None:
                _draw_box(painter, area, box, color, style)

    def _draw_texts(self, painter: QPainter, cell: QRect, drawing: SampleDrawing) -> None:
        metrics = painter.fontMetrics()
        top = cell.top() + _SIDE + GAP // 2
        for text, color in sample_lines(drawing):
            painter.setPen(QColor(resolve(color)))
            line = QRect(cell.left(), top, cell.width(), metrics.height())
            short = metrics.elidedText(text, Qt.TextElideMode.ElideRight, cell.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, short)
            top += metrics.height()

    @property
    def _parts(self) -> int:
        return 2 if any(self._overlays) else 1

    def _cell(self, index: int) -> QRect:
        width, height = self._cell_size()
        row, column = divmod(index, self._columns())
        return QRect(column * (width + CARD_GAP), row * height, width, height - CARD_GAP)

    def _cell_size(self) -> tuple[int, int]:
        lines = len(sample_lines(self._drawings[0])) if self._drawings else 0
        text = lines * self.fontMetrics().height() + GAP // 2
        return self._parts * _SIDE + (self._parts - 1) * GAP // 2, _SIDE + text + CARD_GAP

    def _columns(self) -> int:
        return max(1, (self.width() + CARD_GAP) // (self._cell_size()[0] + CARD_GAP))

    def _fit_height(self) -> None:
        rows = -(-len(self._drawings) // self._columns())
        self.setFixedHeight(max(rows * self._cell_size()[1] - CARD_GAP, 0))


def sample_lines(drawing: SampleDrawing) -> tuple[tuple[str, str], ...]:
    """The texts below a picture, each with its color."""
    if drawing.maps is not None:
        known = drawing.maps[0] >= 0
        right = (drawing.maps[0] == drawing.maps[1])[known]
        share = f"{format_share(float(right.mean()))} of the pixels right" if known.any() else "not labeled"
        return ((f"row {drawing.row} · {share}", "muted"),)
    if drawing.boxes is not None:
        true, predicted = drawing.boxes
        share = f"IoU {overlap(true, predicted):.2f}" if true is not None and predicted is not None else "not labeled"
        return ((f"row {drawing.row} · {share}", "muted"),)
    color = {True: "error", False: "good", None: "text"}[drawing.is_wrong]
    verdict = {True: "✗", False: "✓", None: "predicted"}[drawing.is_wrong]
    return (
        (f"row {drawing.row}", "muted"),
        (f"true {drawing.true}", "text"),
        (f"{verdict} {drawing.predicted}", color),
    )


def map_image(classes: Map) -> QImage:
    """A map of classes ``[h, w]`` in the colors of the classes, transparent where there is none."""
    colors = np.zeros((int(classes.max(initial=-1)) + 2, 4), np.uint8)
    for index in range(len(colors) - 1):
        color = QColor(resolve(index))
        colors[index] = color.blue(), color.green(), color.red(), _OPACITY
    pixels = np.ascontiguousarray(colors[classes])  # -1 is the last one, which is transparent
    height, width = classes.shape
    return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_ARGB32).copy()


def _draw_box(painter: QPainter, area: QRect, box: Box, color: str, style: Qt.PenStyle) -> None:
    left, top, right, bottom = (min(max(value, 0.0), 1.0) for value in box)
    frame = QRectF(area.left() + left * area.width(), area.top() + top * area.height(), 0, 0)
    frame.setRight(area.left() + right * area.width())
    frame.setBottom(area.top() + bottom * area.height())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, ink, line in ((4.0, _HALO, Qt.PenStyle.SolidLine), (2.0, color, style)):
        painter.setPen(QPen(QColor(ink), width, line))
        painter.drawRect(frame)


def _describe(drawing: SampleDrawing) -> str:
    return ", ".join(text for text, _ in sample_lines(drawing))
