"""Access to the run store from the GUI thread."""

import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from app.jobs.callbacks import Done, Failed, call_back
from mtl_core.errors import environment_fault

if TYPE_CHECKING:
    from mtl_core.store import RunStore

Call = tuple[Callable[["RunStore"], Any], Done | None, Failed | None]


class StoreService(QObject):
    """Runs functions of the store on threads of its own, in order, and delivers their results on the GUI thread.

    There are two threads: ``page`` for lists and edits, ``live`` for the short polls of running runs, which must not
    wait behind a long list.

    ``opened(str)``: the store of this URL is open. ``failed(Exception)``: a call without ``failed`` callback raised it.

    Args:
        place: Path or URL of the store; None for the default one.
        parent: Owner.
        open_with: Opens the store; ``mtl_core.store.open_store`` by default.
    """

    opened = Signal(str)
    failed = Signal(object)
    _result = Signal(object, object)

    def __init__(
        self,
        place: str | None = None,
        parent: QObject | None = None,
        *,
        open_with: Callable[[str | None], "RunStore"] | None = None,
    ) -> None:
        super().__init__(parent)
        self.url = ""
        self._place = place
        self._open_with = open_with or _open
        self._open_lock = threading.Lock()
        self._store: RunStore | None = None
        self._open_error: Exception | None = None
        self._lanes: dict[str, queue.SimpleQueue[Call | None]] = {}
        self._threads: list[threading.Thread] = []
        self._closed = False
        self._result.connect(call_back)

    def call(
        self,
        function: Callable[["RunStore"], Any],
        done: Done | None = None,
        failed: Failed | None = None,
        *,
        lane: str = "page",
    ) -> None:
        """Run ``function(store)`` in the background.

        Args:
            function: It must touch no widget.
            done: Called with its result on the GUI thread, unless it is a method of a deleted object.
            failed: Called with the exception on the GUI thread; without it the ``failed`` signal is emitted.
            lane: ``page``, ``live`` or ``report``.
        """
        if self._closed:
            return
        if lane not in self._lanes:
            calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
            self._lanes[lane] = calls
            thread = threading.Thread(target=self._work, args=(calls,), name=f"store-{lane}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._lanes[lane].put((function, done, failed))

    def close(self, seconds: float = 10.0) -> None:
        """Finish all calls, then close the store; later calls are dropped."""
        self._closed = True
        for calls in self._lanes.values():
            calls.put(None)
        for thread in self._threads:
            thread.join(seconds)
        if self._store is not None:
            self._store.close()
            self._store = None

    def _work(self, calls: "queue.SimpleQueue[Call | None]") -> None:
        while (call := calls.get()) is not None:
            function, done, failed = call
            try:
                result = function(self._open_store())
            except Exception as error:
                self._deliver(failed or self.failed.emit, environment_fault(error) or error)
            else:
                self._deliver(done, result)
            del call, function, done, failed  # else a callback would live until the next call

    def _open_store(self) -> "RunStore":
        """The store, opened by the first call; later calls raise the error of an opening that failed."""
        with self._open_lock:
            if self._open_error is not None:
                raise self._open_error
            if self._store is None:
                try:
                    self._store = self._open_with(self._place)
                except Exception as error:
                    self._open_error = error
                    raise
                self.url = str(self._store.url)
                self.opened.emit(self.url)
            return self._store

    def _deliver(self, function: Callable[[Any], object] | None, value: Any) -> None:
        """Call ``function`` on the GUI thread."""
        if function is not None and isValid(self):
            self._result.emit(function, value)


def _open(place: str | None) -> "RunStore":
    from mtl_core.store import open_store  # with SQLAlchemy, which the start of the window does not wait for

    return open_store(place)
