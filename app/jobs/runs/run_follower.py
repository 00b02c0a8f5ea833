"""Follows one run: polls the store for its new points, events and record."""

import os
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs.store.store_service import StoreService

if TYPE_CHECKING:
    from mtl_core.store import Cursor, EventRecord, RunRecord, RunStore

VISIBLE_MS = 100
HIDDEN_MS = 1000
SLOWEST_MS = 1000
CPU_SHARE = 0.0125
"""Share of the processor time of all cores that following a run may take, as training needs the rest."""
_MAX_SKIPPED_POLLS = 10
"""After so many polls the store is read even if its change counter says that nothing is new."""


@dataclass
class _Position:
    """How far a run has been read; used only on the store's thread once polling has begun."""

    run: int
    cursor: "Cursor | None" = None
    event: int = 0
    version: Any = None
    skipped: int = 0
    first: bool = True


@dataclass(frozen=True)
class _Update:
    position: _Position
    points: dict[Any, Any] = field(default_factory=dict)
    reset: bool = False
    events: "list[EventRecord]" = field(default_factory=list)
    record: "RunRecord | None" = None


class RunFollower(QObject):
    """Delivers the points, events and record of one run, at first all since its beginning, then what is new.

    ``points(dict[SeriesKey, Points], reset)``: with ``reset`` these replace all points delivered before, which is
    so for the first delivery of a run and when the run went back to a checkpoint. ``events(list[EventRecord])`` and
    ``record(RunRecord)`` are emitted when there is something new, and after them ``delivered()``.

    Polls 10 times a second while visible and the run is active, else once a second. On a machine with few cores reading
    and drawing slow the training down: there it polls less often, to stay within a share of the processor time.
    """

    points = Signal(object, bool)
    events = Signal(object)
    record = Signal(object)
    delivered = Signal()
    failed = Signal(object)

    def __init__(self, store: StoreService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._position: _Position | None = None
        self._last_record: RunRecord | None = None
        self._visible = True
        self._polling = False
        self._cpu_seconds, self._min_interval = time.process_time(), 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._poll)

    @property
    def run(self) -> int | None:
        """The run that is followed."""
        return self._position.run if self._position else None

    def follow(self, run: int | None) -> None:
        """Follow ``run`` from its beginning, or nothing."""
        self._position = None if run is None else _Position(run)
        self._last_record = None
        self._polling = False
        self._cpu_seconds, self._min_interval = time.process_time(), 0
        self._adjust_interval()
        if run is not None:
            self._poll()

    def set_visible(self, visible: bool) -> None:
        """Set whether the run is visible to the user."""
        self._visible = visible
        self._adjust_interval()
        if visible:
            self._poll()

    def _adjust_interval(self) -> None:
        if self._position is None:
            self._timer.stop()
            return
        active = self._last_record is None or not self._last_record.has_ended
        interval = max(VISIBLE_MS, self._min_interval) if self._visible and active else HIDDEN_MS
        if not self._timer.isActive() or self._timer.interval() != interval:
            self._timer.start(interval)

    def _limit_cpu_share(self) -> None:
        """Choose the interval for which the processor time of the last one, drawing included, is within the share."""
        before, self._cpu_seconds = self._cpu_seconds, time.process_time()
        seconds = (self._cpu_seconds - before) / (CPU_SHARE * (os.cpu_count() or 1))
        self._min_interval = min(SLOWEST_MS, 50 * round(20 * seconds))
        self._adjust_interval()

    def _poll(self) -> None:
        if self._position is None or self._polling:
            return
        self._polling = True
        self._limit_cpu_share()
        position = self._position
        on_error = partial(self._on_error, position)
        self._store.call(lambda store: _read(store, position), self._deliver, on_error, lane="live")

    def _deliver(self, update: _Update) -> None:
        if update.position is not self._position:
            return
        self._polling = False
        record_changed = update.record is not None and update.record != self._last_record
        if record_changed:
            self._last_record = update.record
            self.record.emit(update.record)
            self._adjust_interval()
        if update.points or update.reset:
            self.points.emit(update.points, update.reset)
        if update.events:
            self.events.emit(update.events)
        if record_changed or update.points or update.reset or update.events:
            self.delivered.emit()

    def _on_error(self, position: _Position, error: Exception) -> None:
        if position is not self._position:
            return
        self._polling = False
        self.failed.emit(error)


def _read(store: "RunStore", position: _Position) -> _Update:
    """Read what is new after ``position``, and move it on."""
    version = store.version()
    if version == position.version and position.skipped < _MAX_SKIPPED_POLLS:
        position.skipped += 1
        return _Update(position)
    record = store.run(position.run)
    points, cursor = store.read(position.run, position.cursor)
    events = store.events(position.run, position.event)
    update = _Update(position, points, position.first or cursor.reset, events, record)
    position.version, position.skipped, position.cursor, position.first = version, 0, cursor, False
    position.event = events[-1].id if events else position.event
    return update
