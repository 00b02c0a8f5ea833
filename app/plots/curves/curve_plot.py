"""A plot of named curves that grow during training."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QVBoxLayout, QWidget
from shiboken6 import isValid

from app.plots.canvas import Canvas
from app.plots.curve_image import Curve, Limits, Picture, Snapshot, ValueKind
from app.plots.curves.band_items import BandItems
from app.plots.curves.curve_at import curve_at
from app.plots.curves.curve_items import CurveItems
from app.plots.curves.markers import Markers
from app.plots.curves.range_dialog import RangeDialog
from app.plots.curves.readout import MenuPoint, Readout, Row, format_position, nearest_curve, nearest_rows, rows_at
from app.plots.decimation import Floats, XAxis
from app.plots.ticker import ticker
from app.theme import VisibleConnection, manager, theme
from app.widgets import Label

_REACH = 0.03
"""How far from the end of a curve its last value is still read out, as a part of the view."""


class CurvePlot(QWidget):
    """Plots curves over steps; decimation runs off the GUI thread, drawing on the shared ticker.

    A click on a curve raises it. Dragging a rectangle zooms (so does the wheel with Ctrl), dragging with the middle
    button or Shift moves the view, a double click shows everything again; the values under the cursor are read out. The
    context menu has what can be done with the plot; ``menuOpened`` lets others add to it.

    Attributes:
        title: What the plot shows, for tables and files.
        menu_point: Where the menu was opened; None where no curve is, as at a button.
    """

    zoomChanged = Signal(bool)
    cursorMoved = Signal(str, object)
    """The unit of the horizontal axis and the position of the cursor on it; None once it has left."""
    clicked = Signal(str, float)
    """The unit of the horizontal axis and the position of a click on it."""
    curveClicked = Signal(object)
    """The curve that was clicked, which is raised then; None for a click beside all of them."""
    enlargeRequested = Signal(object)
    """The plot, which is to be shown alone."""
    menuOpened = Signal(QMenu)

    menu_point: MenuPoint | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: dict[Hashable, Curve] = {}
        self._picture: Picture | None = None
        self._options = Snapshot((), XAxis(), 100)
        self._zoomed, self._stale = False, False
        self.title = ""
        self.menu_point = None
        self._canvas = Canvas()
        self._items = CurveItems(self._canvas)
        self._bands = BandItems(self._canvas)
        self._markers = Markers(self._canvas)
        self._readout = Readout(self, self._canvas)
        self._empty = Label(parent=self)
        self._build()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._canvas)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._empty.raise_()
        self._canvas.hovered.connect(self._hover)
        self._canvas.reset.connect(self.show_all)
        self._canvas.clicked.connect(self._click)
        self._canvas.box.sigRangeChangedManually.connect(self._zoom)
        VisibleConnection(self, manager().changed, self._restyle_in_turn, self._restyle)
        self._style_items()
        self._limits((0.0, 1.0), (0.0, 1.0))

    def set_curve(
        self,
        key: Hashable,
        steps: Floats,
        values: Floats,
        *,
        color: int | str = 0,
        dash: bool = False,
        dots: int = 0,
        faint: bool = False,
        smoothed: bool = True,
        label: str = "",
        name: str = "",
        axis: XAxis | None = None,
        weights: tuple[Floats, Floats] | None = None,
        epoch_steps: float = 0.0,
    ) -> None:
        """Adds or replaces a curve.

        Args:
            key: Name of the curve in this plot.
            steps: ``[N]`` ascending; not written to afterwards.
            values: ``[N]``; what is not finite is a gap.
            color: A hue by number, a theme token or ``#RRGGBB``.
            dash: Draw dashed.
            dots: Dots between the strokes, which distinguish curves of one hue.
            faint: Draw as a pale background line.
            smoothed: Whether ``set_smoothing`` applies.
            label: Name in the read-out under the cursor; ``str(key)`` when empty.
            name: What is said of it in the read-out when the cursor is on it.
            axis: Its own horizontal axis, if it differs from that of :meth:`set_x_axis`.
            weights: ``[W]`` steps and ``[W]`` weights of a loss.
            epoch_steps: Steps of an epoch of its run, if they differ from those of :meth:`set_epoch_steps`.
        """
        previous = self._curves.get(key)
        curve = Curve(
            steps,
            values,
            color,
            dash=dash,
            dots=dots,
            faint=faint,
            smoothed=smoothed,
            label=label or str(key),
            name=name,
            axis=axis,
            weights=weights,
            epoch_steps=epoch_steps,
        )
        self._curves[key] = curve
        if previous is None or previous.pen_style != curve.pen_style:
            self._items.set_pen(key, curve)
        self._ask()

    def curve_keys(self) -> list[Hashable]:
        """The curves in this plot, in the order they were added."""
        return list(self._curves)

    def remove_curve(self, key: Hashable) -> None:
        """Removes a curve; an unknown key is ignored."""
        self._curves.pop(key, None)
        self._items.remove(key)
        self._ask()

    def raise_curves(self, keys: Collection[Hashable]) -> None:
        """Draws some curves above the others, and wider, also those of them that are added later."""
        self._items.raise_only(keys, self._curves)

    @property
    def raised_curves(self) -> frozenset[Hashable]:
        """The curves that are drawn above the others."""
        return self._items.raised

    def set_band(self, key: Hashable, x: Floats, low: Floats, high: Floats, *, color: int | str) -> None:
        """Adds or replaces a shaded band behind the curves.

        Args:
            key: Name of the band in this plot.
            x: ``[N]`` places on the horizontal axis, ascending.
            low: ``[N]`` its lower edge.
            high: ``[N]`` its upper edge.
            color: A hue by number, a theme token or ``#RRGGBB``.
        """
        self._bands.set(key, x, low, high, color)
        self._ask()

    def band_keys(self) -> list[Hashable]:
        """The bands in this plot."""
        return self._bands.keys()

    def remove_band(self, key: Hashable) -> None:
        """Removes a band; an unknown key is ignored."""
        self._bands.remove(key)

    def clear(self) -> None:
        """Removes all curves, bands and markers and resets the zoom."""
        for key in list(self._curves):
            self.remove_curve(key)
        for key in self.band_keys():
            self.remove_band(key)
        self.set_markers(())
        self.show_all()

    def set_markers(self, markers: Sequence[tuple[float, str]]) -> None:
        """Marks steps with a vertical line; the text is read out when the cursor is near it."""
        if self._markers.set(markers):
            self._ask()

    def set_log_y(self, on: bool) -> None:
        """Switches the vertical axis to a logarithmic one; points at or below zero become gaps."""
        if on != self._options.log_y:
            self._set(log_y=on)
            self.show_all()

    def set_log_x(self, on: bool) -> None:
        """Switches the horizontal axis to a logarithmic one; points at or below zero are left out."""
        if on != self._options.log_x:
            self._set(log_x=on)
            self.show_all()

    def set_values(self, kind: ValueKind) -> None:
        """Shows losses, losses times their weight, or losses over those of the first epoch."""
        if kind != self._options.values:
            self._set(values=kind, limits=replace(self._options.limits, bottom=None, top=None))
            self.show_all()

    def set_epoch_steps(self, steps: float) -> None:
        """Sets the steps of an epoch, for the values over those of the first epoch; 0 while unknown."""
        if steps != self._options.epoch_steps:
            self._set(epoch_steps=steps)

    def set_limits(self, limits: Limits) -> None:
        """Sets ends of the axes that do not follow the curves; the zoom is reset."""
        self._set(limits=limits)
        self.show_all()

    def set_smoothing(self, weight: float) -> None:
        """Smooths curves by a debiased moving average, ``weight`` in [0, 1); the raw line stays, faint."""
        self._set(smoothing=weight)

    def set_show_raw(self, on: bool) -> None:
        """Whether the raw line stays under a smoothed one; many curves are clearer without."""
        self._set(raw=on)

    def set_from_zero(self, on: bool) -> None:
        """Whether a linear vertical axis always holds zero."""
        self._set(from_zero=on)

    def set_x_axis(self, axis: XAxis) -> None:
        """Changes what the horizontal axis counts; another unit takes back the ends set for the previous one."""
        previous = self._options.axis
        if axis == previous:
            return
        self._set(axis=axis)
        if axis.label != previous.label:
            self._set(limits=replace(self._options.limits, left=None, right=None))
            self.show_all()

    def set_until(self, step: float) -> None:
        """Sets the planned last step, for which the axis reserves room, so that it does not move with every point."""
        self._set(until=step)

    def set_wheel_zoom(self, on: bool) -> None:
        """Whether the wheel zooms without Ctrl, which a plot that nothing scrolls allows."""
        self._canvas.wheel_zooms = on

    def set_empty_text(self, text: str) -> None:
        """Sets the text shown while there is nothing to draw."""
        self._empty.setText(text)

    def show_all(self) -> None:
        """Resets the zoom."""
        if self._zoomed:
            self._zoomed = False
            self.zoomChanged.emit(False)
        self._ask()

    @property
    def is_zoomed(self) -> bool:
        """Whether a part of the curves was selected with the mouse."""
        return self._zoomed

    @property
    def x_unit(self) -> str:
        """Unit of the horizontal axis."""
        return self._options.axis.label

    @property
    def limits(self) -> Limits:
        """Ends of the axes that a person has set."""
        return self._options.limits

    @property
    def picture(self) -> Picture | None:
        """The picture shown now."""
        return self._picture

    def sizeHint(self) -> QSize:
        """A comfortable size."""
        return QSize(320, 120)

    def minimumSizeHint(self) -> QSize:
        """The smallest size in which a curve is readable."""
        return QSize(160, 100)

    # -- drawing --

    def _set(self, **changes: Any) -> None:
        self._options = replace(self._options, **changes)
        self._ask()

    def _ask(self) -> None:
        self._stale = True
        if self.isVisible():
            ticker().request(self)

    def wants_drawing(self) -> bool:
        """Whether the plot can be seen."""
        return self.isVisible()

    def snapshot(self) -> Snapshot:
        """The input of drawing as of now."""
        self._stale = False
        columns = max(int(self._canvas.box.width()), 100)
        view = tuple(self._canvas.box.viewRange()[0]) if self._zoomed else None
        return replace(self._options, curves=tuple(self._curves.items()), columns=columns, view=view)

    def view(self) -> tuple[Snapshot, tuple[float, float] | None]:
        """What is in view: the input of drawing, and the vertical part in axis coordinates, or None for all."""
        low, high = self._canvas.box.viewRange()[1]
        stale, snapshot = self._stale, self.snapshot()
        self._stale = stale
        return snapshot, (low, high) if self._zoomed else None

    def show_picture(self, picture: Picture) -> None:
        """Draws a picture made from a snapshot."""
        before, self._picture = self._picture or picture, picture
        for key, line in picture.lines.items():
            if key in self._curves:
                self._items.draw(key, self._curves[key], line)
        self._draw_bands(picture)
        if not self._zoomed:
            # A linear range would be huge as powers of ten: linear first, where an axis will become logarithmic.
            self._canvas.set_log(x=before.log_x and picture.log_x, y=before.log_y and picture.log_y)
            self._limits(picture.x_limits, picture.y_limits)
        self._canvas.set_log(x=picture.log_x, y=picture.log_y)
        self._markers.draw(self._options.axis, log_x=picture.log_x)
        self._empty.setVisible(picture.empty)

    def _draw_bands(self, picture: Picture) -> None:
        """Draw the bands, which are those of raw values, and none where other values are shown."""
        self._bands.draw(log_x=picture.log_x, log_y=picture.log_y, visible=self._options.values == "raw")

    def _limits(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self._canvas.box.setRange(xRange=x, yRange=y, padding=0, update=True, disableAutoRange=True)

    def _zoom(self) -> None:
        if not self._zoomed:
            self._zoomed = True
            self.zoomChanged.emit(True)
        self._ask()

    # -- style --

    def _restyle_in_turn(self) -> None:
        """Keep the picture in the old colors until the plots before this one have been painted in the new ones."""
        self._canvas.viewport().setUpdatesEnabled(False)
        ticker().in_turn(self._end_old_colors)

    def _end_old_colors(self) -> None:
        if isValid(self):
            self._restyle()
            self._canvas.viewport().setUpdatesEnabled(True)

    def _restyle(self) -> None:
        self._canvas.restyle()
        self._style_items()

    def _style_items(self) -> None:
        if self._picture is not None:
            self._draw_bands(self._picture)
        self._empty.setStyleSheet(f"color: {theme().muted}; background: transparent;")
        self._markers.restyle()
        self._readout.restyle()
        for key, curve in self._curves.items():
            self._items.set_pen(key, curve)

    # -- cursor --

    def values_at(self, x: float) -> list[Row]:
        """The value of every curve at a position on the horizontal axis, in its unit."""
        place = self._axis_place(x)
        if self._picture is None or place is None:
            return []
        (left, right), _ = self._canvas.box.viewRange()
        return rows_at(self._picture.lines, self._curves, place, (right - left) * _REACH)[0]

    def show_cursor(self, x: float | None) -> None:
        """Show the line of a cursor that is on another plot; None hides it."""
        place = None if x is None else self._axis_place(x)
        (left, right), _ = self._canvas.box.viewRange()
        self._readout.show_line(place if place is not None and left <= place <= right else None)

    def _axis_place(self, x: float) -> float | None:
        if self._picture is None or not self._picture.log_x:
            return x
        return math.log10(x) if x > 0 else None

    def _axis_value(self, place: float) -> float:
        return 10.0**place if self._picture is not None and self._picture.log_x else place

    def _hover(self, position: QPointF | None) -> None:
        if position is None or self._picture is None or self._picture.empty:
            self._leave()
            return
        place = self._canvas.place(position)
        (left, right), _ = self._canvas.box.viewRange()
        if not left <= place.x() <= right:
            self._leave()
            return
        reach = (right - left) * _REACH
        rows, x = rows_at(self._picture.lines, self._curves, place.x(), reach)
        pointed = self._curve_at(position)
        note = self._markers.text_at(place.x(), reach / 2) or (
            self._curves[pointed].name if pointed is not None else ""
        )
        head = format_position(self._axis_value(x), self.x_unit)
        shown = nearest_rows(rows, place.y(), pointed=pointed)
        self._readout.show_rows(x, head, shown, position, note=note, pointed=pointed)
        self.cursorMoved.emit(self.x_unit, self._axis_value(x))

    def _leave(self) -> None:
        self._readout.hide()
        self.cursorMoved.emit(self.x_unit, None)

    def _click(self, position: QPointF) -> None:
        if self._picture is not None and not self._picture.empty:
            self.clicked.emit(self.x_unit, self._axis_value(self._canvas.place(position).x()))
            key = self._curve_at(position)
            self.raise_curves([] if key is None else [key])
            self.curveClicked.emit(key)

    def _curve_at(self, position: QPointF) -> Hashable | None:
        """The curve under the cursor."""
        if self._picture is None:
            return None
        place = self._canvas.place(position)
        lines = {key: line for key, line in self._picture.lines.items() if key in self._curves}
        return curve_at(lines, (place.x(), place.y()), self._canvas.pixel())

    # -- menu --

    def open_menu(self, position: QPoint, point: MenuPoint | None = None) -> None:
        """Open the menu of the plot at a position of the screen; ``point`` is the place on the curves."""
        self.menu_point = point
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Show everything", self.show_all).setEnabled(self._zoomed)
        menu.addAction("Set the range…", self._edit_limits)
        menu.addAction("Automatic range", lambda: self.set_limits(Limits())).setEnabled(self.limits != Limits())
        self.menuOpened.emit(menu)
        menu.popup(position)

    def _edit_limits(self) -> None:
        dialog = RangeDialog(
            self.limits, self.x_unit, log_x=self._options.log_x, log_y=self._options.log_y, parent=self
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.set_limits(dialog.limits()))
        dialog.open()

    # -- Qt --

    def showEvent(self, event: QShowEvent) -> None:
        """Draws what changed while hidden."""
        super().showEvent(event)
        if self._stale or self._picture is None:
            ticker().request(self)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu."""
        event.accept()
        at_cursor = event.reason() == QContextMenuEvent.Reason.Mouse
        self.open_menu(event.globalPos(), self._point_at(event.pos()) if at_cursor else None)

    def _point_at(self, position: QPoint) -> MenuPoint | None:
        """Step and nearest curve at a position in this widget, beside the axes those at their ends."""
        if self._picture is None or self._picture.empty:
            return None
        place = self._canvas.place(QPointF(self._canvas.mapFrom(self, position)))
        (left, right), _ = self._canvas.box.viewRange()
        x = min(max(place.x(), left), right)
        key = nearest_curve(self._picture.lines, self._curves, x, place.y(), (right - left) * _REACH)
        curve = self._curves.get(key)
        axis = self._options.axis if curve is None or curve.axis is None else curve.axis
        return MenuPoint(max(axis.step(self._axis_value(x)), 0.0), key)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the overlay in place and draws for the new width."""
        super().resizeEvent(event)
        self._empty.setGeometry(self.rect().adjusted(56, 8, -24, -24))
        self._ask()
