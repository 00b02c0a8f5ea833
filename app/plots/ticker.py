"""The timer that redraws all plots: 12 times a second those that changed and are visible."""

from __future__ import annotations

import itertools
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from PySide6.QtCore import QCoreApplication, QObject, QThreadPool, QTimer, Signal, Slot
from shiboken6 import isValid

from app.plots.curve_image import Picture, Snapshot, paint

TICK_MS = 80
_TURN_MS = 8
"""Between two plots, which is more than Qt waits before it paints."""


class Drawable(Protocol):
    """Protocol of a plot that the ticker redraws."""

    def wants_drawing(self) -> bool:
        """Whether the plot is visible; hidden plots request drawing when they are shown."""

    def snapshot(self) -> Snapshot:
        """The input of drawing as of now."""

    def show_picture(self, picture: Picture) -> None:
        """Show the picture made from a snapshot."""


class Ticker(QObject):
    """Collects redraw requests, renders on a background thread, and delivers on the GUI thread."""

    _rendered = Signal(int, object)

    def __init__(self) -> None:
        super().__init__(QCoreApplication.instance())
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._pool.setExpiryTimeout(2000)
        self._requested: weakref.WeakSet[Drawable] = weakref.WeakSet()
        self._in_flight: dict[int, tuple[weakref.ref[Drawable], ...]] = {}
        self._numbers = itertools.count()
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._rendered.connect(self._take)
        self._turns: deque[Callable[[], object]] = deque()
        self._turn_timer = QTimer(self, interval=_TURN_MS)
        self._turn_timer.timeout.connect(self._take_turn)

    def in_turn(self, draw: Callable[[], object]) -> None:
        """Call ``draw`` once what was asked for before has been painted: eight plots in one frame block the window."""
        self._turns.append(draw)
        if not self._turn_timer.isActive():
            self._turn_timer.start()

    def request(self, plot: Drawable) -> None:
        """Request that a plot is drawn at the next tick; repeated requests are cheap."""
        self._requested.add(plot)
        if not self._timer.isActive():
            self._timer.start()

    def is_idle(self) -> bool:
        """Whether no request is pending."""
        return not self._requested and not self._in_flight and not self._turn_timer.isActive()

    def wait(self) -> None:
        """Blocks until the background thread has nothing left; for the end of the application."""
        self._pool.waitForDone()

    @Slot()
    def _tick(self) -> None:
        if not self._requested:
            self._timer.stop()
            return
        busy = {ref() for refs in self._in_flight.values() for ref in refs}
        plots = [plot for plot in self._requested if plot not in busy]
        for plot in plots:
            self._requested.discard(plot)
        if visible := [plot for plot in plots if isValid(plot) and plot.wants_drawing()]:
            self._send(visible)

    def _send(self, plots: Sequence[Drawable]) -> None:
        """Render all plots of a tick in one task, as waking a thread costs more than a small picture."""
        number, snapshots = next(self._numbers), [plot.snapshot() for plot in plots]
        self._in_flight[number] = tuple(weakref.ref(plot) for plot in plots)
        self._pool.start(lambda: self._rendered.emit(number, [_render(snapshot) for snapshot in snapshots]))

    @Slot()
    def _take_turn(self) -> None:
        if self._turns:
            self._turns.popleft()()
        else:
            self._turn_timer.stop()

    @Slot(int, object)
    def _take(self, number: int, pictures: Sequence[Picture | Exception]) -> None:
        failed: Exception | None = None
        for ref, picture in zip(self._in_flight.pop(number), pictures, strict=True):
            if isinstance(picture, Exception):
                failed = picture
            else:
                self.in_turn(partial(_show, ref, picture))
        if failed is not None:
            raise failed


def _show(ref: weakref.ref[Drawable], picture: Picture) -> None:
    plot = ref()
    if plot is not None and isValid(plot):
        plot.show_picture(picture)


def _render(snapshot: Snapshot) -> Picture | Exception:
    try:
        return paint(snapshot)
    except Exception as error:  # raised again on the GUI thread, which reports it
        return error


_tickers: list[Ticker] = []


def ticker() -> Ticker:
    """The ticker of the application, made on first use."""
    if not _tickers or not isValid(_tickers[0]):
        new_ticker = Ticker()
        app = QCoreApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(new_ticker.wait)
        _tickers[:] = [new_ticker]
    return _tickers[0]
