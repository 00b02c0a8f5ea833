"""A plot of named curves that grow during training."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget
from shiboken6 import isValid

from app.plots.canvas import Canvas
from app.plots.curve_image import Curve, Picture, Snapshot
from app.plots.curves.band_items import BandItems
from app.plots.curves.curve_items import CurveItems
from app.plots.curves.markers import Markers
from app.plots.curves.readout import Readout, nearest_rows, rows_at
from app.plots.decimation import Floats, XAxis
from app.plots.ticker import ticker
from app.theme import VisibleConnection, manager, theme
from app.widgets import Label


class CurvePlot(QWidget):
    """Plots curves over steps; decimation runs off the GUI thread, drawing on the shared ticker.

    Dragging a rectangle zooms (so does the wheel with Ctrl), a double click shows everything again; the
    values under the cursor are read out.
    """

    zoomChanged = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: dict[Hashable, Curve] = {}
        self._picture: Picture | None = None
        self._axis = XAxis()
        self._smoothing, self._until = 0.0, 0.0
        self._log_y, self._raw, self._from_zero = False, True, False
        self._zoomed, self._stale = False, False
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
        self._canvas.box.sigRangeChangedManually.connect(self._zoom)
        VisibleConnection(self, manager().changed, self._restyle_in_turn, self._restyle)
        self._restyle()
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
        axis: XAxis | None = None,
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
            axis: Its own horizontal axis, if it differs from that of :meth:`set_x_axis`.
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
            axis=axis,
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
        if on == self._log_y:
            return
        self._log_y = on
        self.show_all()

    def set_smoothing(self, weight: float) -> None:
        """Smooths curves by a debiased moving average, ``weight`` in [0, 1); the raw line stays, faint."""
        self._smoothing = weight
        self._ask()

    def set_show_raw(self, on: bool) -> None:
        """Whether the raw line stays under a smoothed one; many curves are clearer without."""
        self._raw = on
        self._ask()

    def set_from_zero(self, on: bool) -> None:
        """Whether a linear vertical axis always holds zero."""
        self._from_zero = on
        self._ask()

    def set_x_axis(self, axis: XAxis) -> None:
        """Changes what the horizontal axis counts."""
        if axis == self._axis:
            return
        relabeled = axis.label != self._axis.label
        self._axis = axis
        if relabeled:
            self.show_all()
        self._ask()

    def set_until(self, step: float) -> None:
        """Sets the planned last step, for which the axis reserves room, so that it does not move with every point."""
        self._until = step
        self._ask()

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
        return Snapshot(
            tuple(self._curves.items()),
            self._axis,
            columns,
            smoothing=self._smoothing,
            log_y=self._log_y,
            raw=self._raw,
            from_zero=self._from_zero,
            view=view,
            until=self._until,
        )

    def show_picture(self, picture: Picture) -> None:
        """Draws a picture made from a snapshot."""
        self._picture = picture
        for key, line in picture.lines.items():
            if key in self._curves:
                self._items.draw(key, self._curves[key], line)
        self._canvas.set_log_y(self._log_y)
        self._bands.draw(log_y=self._log_y)
        if not self._zoomed:
            self._limits(picture.x_limits, picture.y_limits)
        self._markers.draw(self._axis)
        self._empty.setVisible(picture.empty)

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
        self._bands.draw(log_y=self._log_y)
        self._empty.setStyleSheet(f"color: {theme().muted}; background: transparent;")
        self._markers.restyle()
        self._readout.restyle()
        for key, curve in self._curves.items():
            self._items.set_pen(key, curve)

    def _hover(self, position: QPointF | None) -> None:
        if position is None or self._picture is None or self._picture.empty:
            self._readout.hide()
            return
        place = self._canvas.place(position)
        (left, right), _ = self._canvas.box.viewRange()
        if not left <= place.x() <= right:
            self._readout.hide()
            return
        reach = (right - left) * 0.03
        rows, x = rows_at(self._picture.lines, self._curves, place.x(), reach)
        note = self._markers.text_at(place.x(), reach / 2)
        self._readout.show_rows(x, self._axis.label, nearest_rows(rows, place.y()), position, note=note)

    # -- Qt --

    def showEvent(self, event: QShowEvent) -> None:
        """Draws what changed while hidden."""
        super().showEvent(event)
        if self._stale or self._picture is None:
            ticker().request(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the overlay in place and draws for the new width."""
        super().resizeEvent(event)
        self._empty.setGeometry(self.rect().adjusted(56, 8, -24, -24))
        self._ask()
