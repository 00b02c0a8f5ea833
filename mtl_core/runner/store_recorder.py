"""Recorder that writes a run's series, events and progress to the store, and the heartbeat of a running run."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from mtl_core.analysis.diagnostics.validation_snapshot import ARTIFACT_KIND
from mtl_core.errors import WorkbenchError, shorten
from mtl_core.protocol.events import Event, NoteEvent, WarningEvent
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.requests import Request, StopRequest
from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.spec import DataNote
from mtl_core.store import Points, RunStore
from mtl_core.training.recorder import Recorder, Steps, Values

HEARTBEAT_INTERVAL = 2.0
"""Seconds between two heartbeats."""
MAX_NOTES = 100
"""Limit of stored notes about the data; a table of thousands of columns may have as many."""

log = logging.getLogger(__name__)

Observer = Callable[[Progress], None]


def record_notes(recorder: Recorder, notes: Sequence[DataNote]) -> None:
    """Store notes about the data as events of a run."""
    recorded = list(notes[:MAX_NOTES])
    if len(notes) > MAX_NOTES:
        recorded.append(
            DataNote(place="file", what=f"{len(notes) - MAX_NOTES} more notes about the data are left out.")
        )
    for note in recorded:
        recorder.event(NoteEvent(step=0, message=str(note), data=note))


class StoreRecorder:
    """Writes the reports of a run to the store, and reads its requests from there.

    Args:
        store: The store.
        run: Number of the run.
        stop: Set when the process is asked to stop; passed on as a request.
        observer: Called with each progress report, e.g. by the progress bar of the command line.
    """

    def __init__(self, store: RunStore, run: int, stop: threading.Event, observer: Observer | None = None) -> None:
        self._store, self._run, self._stop, self._observer = store, run, stop, observer
        self._last_progress = store.run(run).progress or Progress()
        self._pending_requests: list[Request] = []

    def points(self, points: Mapping[SeriesKey, tuple[Steps, Values]], directions: Mapping[str, Direction]) -> None:
        """Store new points."""
        stored = {key: Points(*arrays) for key, arrays in points.items() if len(arrays[0])}
        self._store.append(self._run, stored, directions=directions)

    def event(self, event: Event) -> None:
        """Store an event."""
        self._store.add_event(self._run, event)

    def set_paused(self, paused: bool) -> None:
        """Store whether the run is paused."""
        self._store.set_state(self._run, "paused" if paused else "running")

    def progress(self, progress: Progress) -> None:
        """Store the progress, which is a heartbeat too."""
        self._last_progress = progress
        self.send_heartbeat()
        if self._observer is not None:
            self._observer(progress)

    @property
    def step(self) -> int:
        """Step of the last progress report."""
        return self._last_progress.step

    def send_heartbeat(self) -> None:
        """Send a heartbeat with the last progress."""
        self._store.record_heartbeat(self._run, self._last_progress)

    def checkpoint(self, kind: Literal["best", "last", "step"], path: Path, step: int) -> None:
        """Store the path of a saved checkpoint."""
        self._store.add_artifact(self._run, f"checkpoint:{kind}", str(path), {"step": step})

    def snapshot(self, path: Path, step: int) -> None:
        """Store the path of a saved snapshot of the validation after a step."""
        self._store.add_artifact(self._run, ARTIFACT_KIND, path, {"step": step})

    def requests(self) -> Sequence[Request]:
        """Return the requests since the last call."""
        requests, self._pending_requests = self._pending_requests, []
        for record in self._store.take_requests(self._run):
            if record.content is not None:
                requests.append(record.content)
            else:
                text = f"request {record.kind} {shorten(record.payload)} is unknown or damaged and was ignored"
                self.event(WarningEvent(step=self.step, message=text))
        return [*requests, StopRequest()] if self._stop.is_set() else requests

    def take_requests(self, *kinds: type[Request]) -> list[Request]:
        """Return the requests of some kinds since the last call; others are kept for :meth:`requests`."""
        requests = self.requests()
        self._pending_requests = [request for request in requests if not isinstance(request, kinds)]
        return [request for request in requests if isinstance(request, kinds)]


class Heartbeat:
    """Thread that sends heartbeats of a run to the store, also while the training loop is busy.

    Args:
        recorder: Sends its last progress.
        run: Number of the run.
    """

    def __init__(self, recorder: StoreRecorder, run: int) -> None:
        self._recorder = recorder
        self._stop_event = threading.Event()
        self._thread = threading.Thread(target=self._send_periodically, name=f"heartbeat of run {run}", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_event.set()
        self._thread.join()

    def _send_periodically(self) -> None:
        due = time.monotonic() + HEARTBEAT_INTERVAL
        while not self._stop_event.wait(max(due - time.monotonic(), 0)):
            try:
                self._recorder.send_heartbeat()
            except WorkbenchError as error:  # full disk or locked store: the training loop reports it too
                log.warning("heartbeat failed: %s", error)
            due = time.monotonic() + HEARTBEAT_INTERVAL
