"""Reads the records of active runs from the store at short intervals."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs.store.queue_queries import read_records
from app.jobs.store.store_service import StoreService

if TYPE_CHECKING:
    from mtl_core.store import RunRecord

POLL_MS = 500
_DISCOVERY_INTERVAL = 4
"""Every so many polls the store is searched for runs whose process has died and runs that others have started."""


class RunPoller(QObject):
    """Polls the store while there are active runs, and more rarely for those of other processes.

    ``polled(list[RunRecord])``: the records that were read. ``failed(Exception)``: why they could not be read.

    Args:
        store: The store of the runs.
        active_runs: Returns the numbers of the runs to read.
        parent: Owner.
    """

    polled = Signal(object)
    failed = Signal(object)

    def __init__(self, store: StoreService, active_runs: Callable[[], tuple[int, ...]], parent: QObject) -> None:
        super().__init__(parent)
        self._store, self._active_runs = store, active_runs
        self._requested: tuple[int, ...] = ()
        self._polls = 0
        self._polling = False
        self._closed = False
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self.poll)

    def start(self) -> None:
        """Poll from now on."""
        self._timer.start()

    def close(self) -> None:
        """Poll no more."""
        self._closed = True
        self._timer.stop()

    def poll(self) -> None:
        """Read the records now, unless they are being read."""
        self._polls += 1
        discover = self._polls % _DISCOVERY_INTERVAL == 0
        runs = self._active_runs()
        if self._polling or self._closed or not (runs or discover):
            return
        self._polling, self._requested = True, runs
        self._store.call(
            lambda store: read_records(store, runs, discover=discover), self._on_records, self._on_error, lane="live"
        )

    def _on_records(self, records: "list[RunRecord]") -> None:
        self._polling = False
        ended_since = set(self._requested) - set(self._active_runs())
        self.polled.emit([record for record in records if record.id not in ended_since])

    def _on_error(self, error: Exception) -> None:
        self._polling = False
        self.failed.emit(error)
