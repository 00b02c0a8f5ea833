"""Line swatches that identify a compared run by a hue, and by dots once the hues repeat."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from app.plots import dash_pattern
from app.theme import resolve, theme

_LONG, _HIGH, _SCALE, _GAP = 28, 16, 2, 4


def dots_of(color: int) -> int:
    """Number of dots in the line pattern of a run: how often the cycle of hues was used up before it."""
    return color // len(theme().series)


def swatch(color: int) -> QPixmap:
    """A dot in a run's hue, or a sample of its line if the line has dots; at double resolution."""
    return _swatch(resolve(color), dots_of(color))


@lru_cache(maxsize=256)
def _swatch(ink_name: str, dots: int) -> QPixmap:
    long = _LONG if dots else _HIGH
    picture = QPixmap(long * _SCALE, _HIGH * _SCALE)
    picture.setDevicePixelRatio(_SCALE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ink = QColor(ink_name)
    if dots:
        pen = QPen(ink, 2.0)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setDashPattern([length / 2 for length in dash_pattern(dots=dots)])
        painter.setPen(pen)
        painter.drawLine(QPointF(0, _HIGH / 2), QPointF(long - _GAP, _HIGH / 2))
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(QPointF(long / 2, _HIGH / 2), _HIGH / 4, _HIGH / 4)
    painter.end()
    return picture
