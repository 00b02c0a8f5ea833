"""Follows one run: what is new in the store, a few times a second."""

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs.store.store_service import StoreService

if TYPE_CHECKING:
    from mtl_core.store import Cursor, EventRecord, RunRecord, RunStore

VISIBLE_MS = 100
HIDDEN_MS = 1000
SLOWEST_MS = 1000
SHARE = 0.0125
"""Of the processor time of all cores, what following a run may take while the run needs it."""
_LOOK_ANYWAY = 10
"""Every so many polls the store is read even if its change counter says there is nothing new."""


@dataclass
class _Tail:
    """Where the reading stands; touched only on the store's thread once polling has begun."""

    run: int
    cursor: "Cursor | None" = None
    event: int = 0
    version: Any = None
    skipped: int = 0
    first: bool = True


@dataclass(frozen=True)
class _News:
    tail: _Tail
    points: dict[Any, Any] = field(default_factory=dict)
    reset: bool = False
    events: "list[EventRecord]" = field(default_factory=list)
    record: "RunRecord | None" = None


class RunFollower(QObject):
    """Delivers the points, events and record of one run as they come, all since its beginning at first.

    ``points(dict[SeriesKey, Points], reset)``: with ``reset`` these replace all points delivered before, which is
    so for the first delivery of a run and when the run went back to a checkpoint. ``events(list[EventRecord])`` and
    ``record(RunRecord)`` are emitted when there is something new, and behind them ``delivered``.

    Polls 10 times a second while ``visible`` and the run is on, else once. On a machine of few cores what is drawn is
    taken from the training: there it polls less often, so that reading and drawing stay within a share of the machine.
    """

    points = Signal(object, bool)
    events = Signal(object)
    record = Signal(object)
    delivered = Signal()
    failed = Signal(object)

    def __init__(self, store: StoreService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._tail: _Tail | None = None
        self._last: RunRecord | None = None
        self._visible = True
        self._polling = False
        self._spent, self._rest = time.process_time(), 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._poll)

    @property
    def run(self) -> int | None:
        """The run followed."""
        return self._tail.run if self._tail else None

    def follow(self, run: int | None) -> None:
        """Follow ``run`` from its beginning, or nothing."""
        self._tail = None if run is None else _Tail(run)
        self._last = None
        self._polling = False
        self._spent, self._rest = time.process_time(), 0
        self._pace()
        if run is not None:
            self._poll()

    def set_visible(self, visible: bool) -> None:
        """Say whether anyone looks."""
        self._visible = visible
        self._pace()
        if visible:
            self._poll()

    def _pace(self) -> None:
        if self._tail is None:
            self._timer.stop()
            return
        on = self._last is None or not self._last.has_ended
        wanted = max(VISIBLE_MS, self._rest) if self._visible and on else HIDDEN_MS
        if not self._timer.isActive() or self._timer.interval() != wanted:
            self._timer.start(wanted)

    def _thrift(self) -> None:
        """Rests long enough for what the last round took, drawing included, to stay within the share."""
        before, self._spent = self._spent, time.process_time()
        took = (self._spent - before) / (SHARE * (os.cpu_count() or 1))
        self._rest = min(SLOWEST_MS, 50 * round(20 * took))
        self._pace()

    def _poll(self) -> None:
        if self._tail is None or self._polling:
            return
        self._polling = True
        self._thrift()
        tail = self._tail
        self._store.call(lambda store: _read(store, tail), self._deliver, self._fail, lane="live")

    def _deliver(self, news: _News) -> None:
        if news.tail is not self._tail:
            return
        self._polling = False
        told = news.record is not None and news.record != self._last
        if told:
            self._last = news.record
            self.record.emit(news.record)
            self._pace()
        if news.points or news.reset:
            self.points.emit(news.points, news.reset)
        if news.events:
            self.events.emit(news.events)
        if told or news.points or news.reset or news.events:
            self.delivered.emit()

    def _fail(self, error: Exception) -> None:
        self._polling = False
        self.failed.emit(error)


def _read(store: "RunStore", tail: _Tail) -> _News:
    """What is new since the tail was last read."""
    version = store.version()
    if version == tail.version and tail.skipped < _LOOK_ANYWAY:
        tail.skipped += 1
        return _News(tail)
    record = store.run(tail.run)
    points, cursor = store.read(tail.run, tail.cursor)
    events = store.events(tail.run, tail.event)
    news = _News(tail, points, tail.first or cursor.reset, events, record)
    tail.version, tail.skipped, tail.cursor, tail.first = version, 0, cursor, False
    tail.event = events[-1].id if events else tail.event
    return news
