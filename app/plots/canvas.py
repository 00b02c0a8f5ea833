"""The pyqtgraph part of a plot: view box, axes, grid and mouse handling."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsGridLayout, QGraphicsItem

from app.formatting import format_scientific, format_ticks
from app.plots.decimation import nice_step
from app.plots.untyped_pyqtgraph import Item, pg
from app.theme import resolve, small_font, theme

FAINT_ALPHA = 0.28
_CLICK_REACH = 4
"""Pixels that the mouse may move in a click."""
_AXIS_AIR, _AXIS_SLACK = 12, 24
"""Pixels beside the labels of the vertical axis, and unused pixels from which it shrinks."""


def dash_pattern(*, dash: bool = False, dots: int = 0) -> list[float]:
    """Strokes and gaps of a line in widths of the pen; empty for a solid one.

    Dashed lines have short strokes, dotted ones long strokes; the number of dots is how often the cycle of hues was
    used up, so that two curves of one hue differ.
    """
    if not dash and not dots:
        return []
    return [*((5.0, 3.0) if dash else (16.0, 3.0)), *(dots * (1.0, 3.0))]


def pen(color: int | str, *, dash: bool = False, dots: int = 0, alpha: float = 1.0, width: int = 1) -> object:
    """A pen one pixel wide, as wider antialiased pens are very slow; wider only for a few curves."""
    ink = QColor(resolve(color))
    ink.setAlphaF(alpha)
    new_pen = pg.mkPen(ink, width=width)
    if pattern := dash_pattern(dash=dash, dots=dots):
        new_pen.setDashPattern(pattern)
    return new_pen


class TickAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis with round, short and stable tick labels, and a grid line between each two of them."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.enableAutoSIPrefix(False)  # it has no unit; else each change of the range lays out an empty title anew

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """Spacing and positions of the labeled ticks, then of the unlabeled ones."""
        if self.logMode:
            return _decades(low, high)
        room = 80 if self.orientation == "bottom" else 42
        ticks, major = axis_ticks(low, high, max(size / room, 1.0))
        between = [tick for tick in _multiples(low, high, major / 2) if tick not in ticks]
        return [(major, ticks), (major / 2, between)]

    def boundingRect(self) -> QRectF:
        """Include the labels at the ends."""
        return QRectF(super().boundingRect().adjusted(-24, -10, 24, 10))

    def width_of_texts(self, low: float, high: float, metrics: QFontMetrics) -> int:
        """Width in pixels of the widest label between two limits."""
        spacing, ticks = self.tickValues(low, high, max(self.geometry().height(), 100.0))[0]
        return max(map(metrics.horizontalAdvance, self.tickStrings(ticks, 1.0, spacing)), default=0)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """The text at each tick."""
        return [format_scientific(10.0**v) for v in values] if self.logMode else format_ticks(values, spacing)


def axis_ticks(low: float, high: float, most: float, *, log: bool = False) -> tuple[list[float], float]:
    """Positions of the labeled ticks between two ends, and their spacing.

    Args:
        low: One end, in axis coordinates.
        high: The other end.
        most: How many labels there is room for, about.
        log: Whether the coordinates are powers of ten.
    """
    if log:
        (spacing, labeled), _ = _decades(low, high)
        return labeled, spacing
    major = nice_step((high - low) / most)
    ticks = _multiples(low, high, major)
    if len(ticks) < 2:  # a single label does not show the scale
        major = nice_step(major / 2)
        ticks = _multiples(low, high, major)
    return ticks, major


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]


def _decades(low: float, high: float) -> list[tuple[float, list[float]]]:
    """Ticks of a logarithmic axis in log10: 1, 2, 5 of every power of ten, or powers alone over many of them."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    texts = (1, 2, 5) if high - low < 2.2 else (1,)
    every = max(1, math.ceil((high - low) / 6))
    labeled = [p + math.log10(m) for p in powers for m in texts if p % every == 0]
    unlabeled = [p + math.log10(m) for p in powers for m in range(1, 10) if m not in texts and high - low < 4]
    shown = [v for v in labeled if low <= v <= high]
    if len(shown) < 2 and high < 300:  # a part of a decade: round numbers, as on a linear axis
        start, end = 10.0**low, 10.0**high
        shown = [math.log10(v) for v in _multiples(start, end, nice_step((end - start) / 4)) if v > 0]
        unlabeled = []
    return [(1.0, shown), (1.0, [v for v in unlabeled if low <= v <= high])]


class _Box(pg.ViewBox):  # type: ignore[misc]
    """A view box in which the left button draws a rectangle, and the middle one, or Shift, moves the view."""

    def mouseDragEvent(self, event: Item, axis: int | None = None) -> None:
        """Zoom to a rectangle or pan; the right button opens a menu and drags nothing."""
        if event.button() == Qt.MouseButton.RightButton:
            event.ignore()
            return
        if event.isStart():
            shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            pans = event.button() == Qt.MouseButton.MiddleButton or bool(shift)
            self.state["mouseMode"] = pg.ViewBox.PanMode if pans else pg.ViewBox.RectMode
        super().mouseDragEvent(event, axis)


class Canvas(pg.GraphicsView):  # type: ignore[misc]
    """A view box with two axes; it takes the wheel with Ctrl only, or always where ``wheel_zooms`` is set.

    Attributes:
        wheel_zooms: Whether the wheel zooms without Ctrl.

    pyqtgraph's PlotItem is not used, as it makes menus and dialogs of a few hundred objects per plot.
    """

    hovered = Signal(object)
    clicked = Signal(object)
    reset = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.wheel_zooms = False
        self._pressed: QPointF | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self.box = _Box(enableMenu=False, defaultPadding=0)
        self.box.setMouseMode(pg.ViewBox.RectMode)
        self.box.disableAutoRange()
        self.box.setZValue(1)
        self._axes = {side: TickAxis(side) for side in ("left", "bottom")}
        self._left_width = 0
        # It fills its background itself, so that Qt does not draw card, page and window below it at every tick.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._lay_out()
        self.restyle()

    def _lay_out(self) -> None:
        inside = pg.GraphicsWidget()
        grid = QGraphicsGridLayout(inside)
        grid.setContentsMargins(0, 8, 16, 0)
        grid.setSpacing(0)
        for item, row, column in ((self._axes["left"], 0, 0), (self.box, 0, 1), (self._axes["bottom"], 1, 1)):
            grid.addItem(item, row, column)
        grid.setRowStretchFactor(0, 1)
        grid.setColumnStretchFactor(1, 1)
        for axis in self._axes.values():
            axis.linkToView(self.box)
            # Redrawn only when its ticks change: drawing an axis costs more than all curves together.
            axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.box.sigResized.connect(self._forget_axes)
        for signal in (self.box.sigYRangeChanged, self.box.sigResized):  # both change which numbers there are
            signal.connect(self._fit_left_axis)
        self.setCentralItem(inside)

    def _forget_axes(self) -> None:
        """Clear the cache of the axes, of which Qt would keep parts drawn at another size."""
        for axis in self._axes.values():
            axis.setCacheMode(QGraphicsItem.CacheMode.NoCache)
            axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def _fit_left_axis(self) -> None:
        """Fit the width of the vertical axis to its labels.

        It shrinks only if much of it is empty, so that the plot does not move with each point.
        """
        metrics = QFontMetrics(small_font())
        low, high = self.box.viewRange()[1]
        texts = self._axes["left"].width_of_texts(low, high, metrics)
        width = max(texts, metrics.horizontalAdvance("0.000")) + _AXIS_AIR
        if width > self._left_width or width < self._left_width - _AXIS_SLACK:
            self._left_width = width
            self._axes["left"].setWidth(width)

    def add(self, item: Item) -> None:
        """Add an item."""
        self.box.addItem(item, ignoreBounds=True)

    def remove(self, item: Item) -> None:
        """Remove an item."""
        self.box.removeItem(item)

    def set_log(self, *, x: bool, y: bool) -> None:
        """Switch each axis to a logarithmic or a linear scale."""
        if self._axes["bottom"].logMode != x:
            self._axes["bottom"].setLogMode(x=x)
        if self._axes["left"].logMode != y:
            self._axes["left"].setLogMode(y=y)
            self._fit_left_axis()

    def restyle(self) -> None:
        """Apply colors and font of the current theme."""
        tokens, font = theme(), small_font()
        metrics = QFontMetrics(font)
        ink, strength = tokens.grid
        self.setBackground(tokens.surface)
        for axis in self._axes.values():
            axis.setStyle(
                tickFont=font,
                tickLength=0,
                maxTickLevel=1,
                maxTextLevel=0,
                tickTextOffset=6,
                hideOverlappingLabels=False,
            )
            axis.setPen(pg.mkPen(None))
            axis.setTextPen(pg.mkPen(tokens.muted))
            axis.setTickPen(pg.mkPen(QColor(ink), width=1))
            axis.setGrid(round(255 * strength))
        self._left_width = 0
        self._fit_left_axis()
        self._axes["bottom"].setHeight(metrics.height() + 6)
        band = QColor(tokens.accent)
        band.setAlphaF(0.12)
        self.box.rbScaleBox.setPen(pg.mkPen(tokens.accent))
        self.box.rbScaleBox.setBrush(pg.mkBrush(band))

    def place(self, position: QPointF) -> QPointF:
        """Axis coordinates of a point of this widget."""
        return QPointF(self.box.mapSceneToView(self.mapToScene(position.toPoint())))

    def pixel(self) -> tuple[float, float]:
        """Width and height of a pixel in axis coordinates."""
        width, height = self.box.viewPixelSize()
        return float(width), float(height)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl, or always where the wheel zooms; else let the page scroll."""
        if self.wheel_zooms or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Emit the cursor position."""
        super().mouseMoveEvent(event)
        self.hovered.emit(event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where a click or drag begins."""
        super().mousePressEvent(event)
        self._pressed = event.position() if event.button() == Qt.MouseButton.LeftButton else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Emit the place of a click, which a drag is not."""
        super().mouseReleaseEvent(event)
        pressed, self._pressed = self._pressed, None
        if pressed is not None and (event.position() - pressed).manhattanLength() < _CLICK_REACH:
            self.clicked.emit(event.position())

    def leaveEvent(self, event: object) -> None:
        """Emit that the cursor left."""
        super().leaveEvent(event)
        self.hovered.emit(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Request a reset of the zoom."""
        event.accept()
        self._pressed = None
        self.reset.emit()
