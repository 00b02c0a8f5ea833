"""Between the training loop and the store."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from mtl_core.errors import WorkbenchError, shorten
from mtl_core.protocol.events import Event, NoteEvent, WarningEvent
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.requests import Request, StopRequest
from mtl_core.spec import DataNote
from mtl_core.store import Points, RunStore, SeriesKey
from mtl_core.training.recorder import Direction, Recorder, Steps, Values
from mtl_core.training.recorder import SeriesKey as Key

BEAT_SECONDS = 2.0
MOST_NOTES = 100
"""Notes about the data that a run keeps; a table of thousands of columns may have as many."""

log = logging.getLogger(__name__)

Observer = Callable[[Progress], None]


def record_notes(recorder: Recorder, notes: Sequence[DataNote]) -> None:
    """Keep what was found in the data, or decided about it, as events of a run."""
    kept = list(notes[:MOST_NOTES])
    if len(notes) > MOST_NOTES:
        kept.append(DataNote(place="file", what=f"{len(notes) - MOST_NOTES} more notes about the data are left out."))
    for note in kept:
        recorder.event(NoteEvent(step=0, message=str(note), data=note))


class StoreRecorder:
    """Keeps what a run reports in the store, and passes the store's requests on.

    Args:
        store: Where.
        run: Whose.
        stop: Set when the process itself is asked to stop; handed on as a request.
        observer: Told of each progress report too; the command line's progress bar.
    """

    def __init__(self, store: RunStore, run: int, stop: threading.Event, observer: Observer | None = None) -> None:
        self._store, self._run, self._stop, self._observer = store, run, stop, observer
        self._latest = store.run(run).progress or Progress()

    def points(self, points: Mapping[Key, tuple[Steps, Values]], directions: Mapping[str, Direction]) -> None:
        """Keep new points."""
        named = {SeriesKey(*key): Points(*arrays) for key, arrays in points.items() if len(arrays[0])}
        self._store.append(self._run, named, directions=directions)

    def event(self, event: Event) -> None:
        """Keep something that happened."""
        self._store.event(self._run, event)

    def set_paused(self, paused: bool) -> None:
        """Keep whether the run waits, which is a state of it."""
        self._store.set_state(self._run, "paused" if paused else "running")

    def progress(self, progress: Progress) -> None:
        """Keep how far the run is; a sign of life too."""
        self._latest = progress
        self.beat()
        if self._observer is not None:
            self._observer(progress)

    @property
    def step(self) -> int:
        """The last step that was told."""
        return self._latest.step

    def beat(self) -> None:
        """A sign of life without news."""
        self._store.beat(self._run, self._latest)

    def checkpoint(self, kind: Literal["best", "last"], path: Path, step: int) -> None:
        """Keep where a checkpoint was saved."""
        self._store.add_artifact(self._run, f"checkpoint:{kind}", str(path), {"step": step})

    def requests(self) -> Sequence[Request]:
        """What was asked since the last call."""
        requests: list[Request] = []
        for record in self._store.take_requests(self._run):
            if record.content is not None:
                requests.append(record.content)
            else:
                text = f"request {record.kind} {shorten(record.payload)} is unknown or damaged, and is passed over"
                self.event(WarningEvent(step=self.step, message=text))
        return [*requests, StopRequest()] if self._stop.is_set() else requests


class Heart:
    """Tells the store that the run is alive while the loop is busy with something long.

    Args:
        recorder: Whose last progress report is repeated.
        run: Whose run.
    """

    def __init__(self, recorder: StoreRecorder, run: int) -> None:
        self._recorder = recorder
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heart of run {run}", daemon=True)

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _beat(self) -> None:
        due = time.monotonic() + BEAT_SECONDS
        while not self._end.wait(max(due - time.monotonic(), 0)):
            try:
                self._recorder.beat()
            except WorkbenchError as error:  # a full disk, a locked store: the loop meets it too, and says so
                log.warning("no sign of life: %s", error)
            due = time.monotonic() + BEAT_SECONDS
