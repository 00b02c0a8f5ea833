"""Plots as files: PNG and SVG in the size of a print, and CSV of the points; safe to call off the GUI thread."""

from __future__ import annotations

import errno
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from PySide6.QtCore import QByteArray, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QImageWriter, QPainter, QPen, QPolygonF
from PySide6.QtSvg import QSvgGenerator

from app.formatting import format_scientific, format_ticks
from app.plots.canvas import FAINT_ALPHA, axis_ticks, dash_pattern
from app.plots.curve_image import Curve, Picture, Snapshot, paint, positions, shown_values
from app.plots.decimation import Floats, smooth
from app.theme import LIGHT
from mtl_core.csv_file import format_numbers, write_csv
from mtl_core.files import atomic_write

FileFormat = Literal["PNG", "SVG", "CSV"]
FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)

_DPI = 96
"""Units of the drawing in an inch, which is also the resolution of an SVG in CSS."""
_MM = _DPI / 25.4
_TEXT, _TITLE = 11, 13
"""Height of the letters, in units of the drawing."""
_MARGIN, _SAMPLE = 8.0, 22.0


@dataclass(frozen=True)
class PrintSize:
    """Size of a picture on paper.

    Attributes:
        width: In millimeters.
        height: In millimeters.
        dpi: Dots per inch of a PNG.
    """

    width: int = 160
    height: int = 90
    dpi: int = 300


@dataclass(frozen=True)
class PlotContent:
    """Everything in the file of a plot.

    Attributes:
        title: Stands above the plot; nothing when empty.
        snapshot: Curves and options, with the part that is in view.
        y_view: The vertical part in view, in axis coordinates; None for all.
        x_label: Unit of the horizontal axis.
        family: Font family of the window, by name in an SVG.
    """

    title: str
    snapshot: Snapshot
    y_view: tuple[float, float] | None
    x_label: str
    family: str


def write_plot(path: Path, kind: FileFormat, content: PlotContent, size: PrintSize) -> None:
    """Write a plot to a file, as a whole or not at all.

    Raises:
        InputError: ``path`` is no name of a file.
        EnvironmentFault: The file cannot be written.
    """
    if kind == "CSV":
        write_csv(path, ["curve", "step", content.x_label, "value", "smoothed"], _points(content.snapshot))
        return
    width, height = size.width * _MM, size.height * _MM
    scale = size.dpi / _DPI if kind == "PNG" else 1.0
    # An SVG can be enlarged: three points for each unit.
    columns = round(width * max(scale, 3.0))
    picture = paint(replace(content.snapshot, columns=columns))
    with atomic_write(path) as temporary:
        device: QImage | QSvgGenerator
        if kind == "PNG":
            device = QImage(round(width * scale), round(height * scale), QImage.Format.Format_RGB32)
            device.setDotsPerMeterX(round(size.dpi / 0.0254))
            device.setDotsPerMeterY(round(size.dpi / 0.0254))
            device.fill(Qt.GlobalColor.white)
        else:
            device = QSvgGenerator()
            device.setFileName(str(temporary))
            device.setResolution(_DPI)
            device.setSize(QSize(round(width), round(height)))
            device.setViewBox(QRect(0, 0, round(width), round(height)))
            device.setTitle(content.title)
        painter = QPainter()
        if not painter.begin(device):
            raise OSError(errno.EIO, "the picture could not be begun")
        painter.scale(scale, scale)
        _draw(painter, content, picture, QRectF(0, 0, width, height))
        painter.end()
        if isinstance(device, QImage) and not QImageWriter(str(temporary), QByteArray(b"PNG")).write(device):
            raise OSError(errno.EIO, "the picture could not be written")


def _points(snapshot: Snapshot) -> Iterator[list[Any]]:
    """A row for each point of each curve: curve, step, position, value, and the value when smoothed."""
    for _key, curve in snapshot.curves:
        x = positions(curve, snapshot.axis)
        values = shown_values(curve, snapshot.values, snapshot.epoch_steps)
        smoothed = smooth(values, snapshot.smoothing if curve.smoothed and not curve.faint else 0.0)
        for cells in zip(curve.steps.tolist(), x.tolist(), values.tolist(), smoothed.tolist(), strict=True):
            yield [curve.label, *format_numbers(cells)]


def _draw(painter: QPainter, content: PlotContent, picture: Picture, page: QRectF) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    text = _font(content.family, _TEXT)
    metrics = QFontMetricsF(text)
    top = page.top() + _MARGIN
    if content.title:
        title = _font(content.family, _TITLE, bold=True)
        painter.setFont(title)
        painter.setPen(QColor(LIGHT.text))
        height = QFontMetricsF(title).height()
        painter.drawText(QRectF(_MARGIN, top, page.width() - 2 * _MARGIN, height), _CENTER_LEFT, content.title)
        top += height + _MARGIN
    painter.setFont(text)
    curves = dict(content.snapshot.curves)
    named = [curve for curve in curves.values() if not curve.faint]
    legend_width = _legend_width(named, metrics, page.width() / 3)
    x_view = content.snapshot.view or picture.x_limits
    y_view = content.y_view or picture.y_limits
    bottom = page.bottom() - _MARGIN - 2 * metrics.height() - 6
    y_ticks = axis_ticks(*y_view, max((bottom - top) / 42, 1.0), log=picture.log_y)
    y_texts = _texts(*y_ticks, log=picture.log_y)
    left = _MARGIN + max(map(metrics.horizontalAdvance, y_texts), default=0.0) + 6
    area = QRectF(left, top, max(page.right() - _MARGIN - legend_width - left, 20.0), max(bottom - top, 20.0))
    x_ticks = axis_ticks(*x_view, max(area.width() / 80, 1.0), log=picture.log_x)
    to_x = _Scale(*x_view, area.left(), area.right())
    to_y = _Scale(*y_view, area.bottom(), area.top())
    painter.setPen(QPen(QColor(LIGHT.border), 0.75))
    for tick in x_ticks[0]:
        painter.drawLine(QPointF(to_x(tick), area.top()), QPointF(to_x(tick), area.bottom()))
    for tick in y_ticks[0]:
        painter.drawLine(QPointF(area.left(), to_y(tick)), QPointF(area.right(), to_y(tick)))
    painter.setPen(QColor(LIGHT.text))
    for tick, label in zip(x_ticks[0], _texts(*x_ticks, log=picture.log_x), strict=True):
        painter.drawText(QRectF(to_x(tick) - 60, area.bottom() + 4, 120, metrics.height()), _CENTER, label)
    for tick, label in zip(y_ticks[0], y_texts, strict=True):
        painter.drawText(QRectF(0, to_y(tick) - metrics.height() / 2, left - 6, metrics.height()), _CENTER_RIGHT, label)
    under = QRectF(area.left(), area.bottom() + 4 + metrics.height(), area.width(), metrics.height())
    painter.drawText(under, _CENTER, content.x_label)
    painter.save()
    painter.setClipRect(area)
    for key, line in picture.lines.items():
        if line.faint_x is not None and line.faint_y is not None:
            _stroke(painter, (line.faint_x, line.faint_y), (to_x, to_y), _pen(curves[key], FAINT_ALPHA, plain=True))
    for key, line in picture.lines.items():
        _stroke(painter, (line.x, line.y), (to_x, to_y), _pen(curves[key], FAINT_ALPHA if curves[key].faint else 1.0))
    painter.restore()
    if legend_width:
        _draw_legend(painter, named, metrics, QRectF(area.right() + _MARGIN, top, legend_width, area.height()))


_CENTER = int(Qt.AlignmentFlag.AlignCenter)
_CENTER_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_CENTER_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True)
class _Scale:
    """A linear map from an axis to the page."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: Any) -> Any:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def _stroke(painter: QPainter, points_xy: tuple[Floats, Floats], scales: tuple[_Scale, _Scale], pen: QPen) -> None:
    """Draw a line, with a gap at each value that is not finite."""
    painter.setPen(pen)
    points: list[QPointF] = []
    for across, up in zip(
        *(scale(values).tolist() for scale, values in zip(scales, points_xy, strict=True)), strict=True
    ):
        if math.isfinite(up):
            points.append(QPointF(across, up))
        elif points:
            painter.drawPolyline(QPolygonF(points))
            points = []
    painter.drawPolyline(QPolygonF(points))


def _pen(curve: Curve, alpha: float, *, plain: bool = False) -> QPen:
    color = curve.color
    name = LIGHT.series[color % len(LIGHT.series)] if isinstance(color, int) else getattr(LIGHT, color, color)
    ink = QColor(name)
    ink.setAlphaF(alpha)
    pen = QPen(ink, 1.25)
    if not plain and (pattern := dash_pattern(dash=curve.dash, dots=curve.dots)):
        pen.setDashPattern(pattern)
    return pen


def _texts(ticks: list[float], spacing: float, *, log: bool) -> list[str]:
    return [format_scientific(10.0**tick) for tick in ticks] if log else format_ticks(ticks, spacing)


def _legend_width(curves: list[Curve], metrics: QFontMetricsF, most: float) -> float:
    widest = max((metrics.horizontalAdvance(curve.label) for curve in curves), default=0.0)
    return min(widest + _SAMPLE + _MARGIN, most) if curves else 0.0


def _draw_legend(painter: QPainter, curves: list[Curve], metrics: QFontMetricsF, area: QRectF) -> None:
    rows = max(min(int(area.height() / (metrics.height() + 2)), len(curves)), 1)
    shown = curves[: rows - 1] if rows < len(curves) else curves
    for row, curve in enumerate(shown):
        y = area.top() + row * (metrics.height() + 2)
        painter.setPen(_pen(curve, 1.0))
        middle = y + metrics.height() / 2
        painter.drawLine(QPointF(area.left(), middle), QPointF(area.left() + _SAMPLE - 4, middle))
        painter.setPen(QColor(LIGHT.text))
        room = QRectF(area.left() + _SAMPLE, y, area.width() - _SAMPLE, metrics.height())
        painter.drawText(room, _CENTER_LEFT, metrics.elidedText(curve.label, Qt.TextElideMode.ElideRight, room.width()))
    if len(shown) < len(curves):
        y = area.top() + len(shown) * (metrics.height() + 2)
        painter.setPen(QColor(LIGHT.muted))
        room = QRectF(area.left(), y, area.width(), metrics.height())
        painter.drawText(room, _CENTER_LEFT, f"and {len(curves) - len(shown)} more")


def _font(family: str, height: int, *, bold: bool = False) -> QFont:
    font = QFont(family)
    font.setPixelSize(height)
    font.setBold(bold)
    return font
