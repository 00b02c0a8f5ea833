"""Report of how the data of runs are read: events of its progress, and answers to requests meanwhile."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mtl_core.protocol.events import NoteEvent, PauseEvent, ResumeEvent
from mtl_core.protocol.requests import PauseRequest, ResumeRequest, StopRequest
from mtl_core.protocol.work_progress import WorkProgress, progress_listener
from mtl_core.runner.store_recorder import StoreRecorder
from mtl_core.spec import DataNote
from mtl_core.training.request_handler import PAUSE_SECONDS, StoppedError

FIRST_SECONDS, INTERVAL_SECONDS = 2.0, 15.0
"""When the first event comes, and the time between two."""
_REQUEST_SECONDS = 0.5


class ReadingReport:
    """Stores how far the reading is as events of a run, and pauses or ends it when a run is asked to.

    Args:
        recorders: The recorders of the runs that will train on the data; the events are of the first.
        clock: Gives the time in seconds.
    """

    def __init__(self, recorders: Sequence[StoreRecorder], clock: Callable[[], float] = time.monotonic) -> None:
        self._recorders, self._clock = recorders, clock
        self._next_event = clock() + FIRST_SECONDS
        self._next_request = clock()

    def __call__(self, progress: WorkProgress) -> None:
        """Take a report of progress.

        Raises:
            StoppedError: A run was asked to stop.
        """
        now, recorder = self._clock(), self._recorders[0]
        if now >= self._next_request:
            self._handle_requests()
            self._next_request = self._clock() + _REQUEST_SECONDS
        if now >= self._next_event and progress.share < 1:
            self._next_event = now + INTERVAL_SECONDS
            note = DataNote(place="file", what=f"{progress.what}.")
            recorder.event(NoteEvent(step=recorder.step, message=str(note), data=note))

    def _handle_requests(self) -> None:
        """Stop, or pause until the end of it; other requests wait for the first step."""
        is_paused = False
        while True:
            for recorder in self._recorders:
                for request in recorder.take_requests(StopRequest, PauseRequest, ResumeRequest):
                    if isinstance(request, StopRequest):
                        raise StoppedError
                    if is_paused != isinstance(request, PauseRequest):
                        is_paused = not is_paused
                        self._set_paused(is_paused)
            if not is_paused:
                return
            time.sleep(PAUSE_SECONDS)

    def _set_paused(self, is_paused: bool) -> None:
        for recorder in self._recorders:
            step = recorder.step
            recorder.set_paused(is_paused)
            message = "paused while the data are read" if is_paused else "goes on"
            event = PauseEvent(step=step, message=message) if is_paused else ResumeEvent(step=step, message=message)
            recorder.event(event)


@contextmanager
def recorded_reading(recorders: Sequence[StoreRecorder]) -> Iterator[None]:
    """Context manager in which the reading of data is reported to the runs that will train on them."""
    with progress_listener(ReadingReport(recorders)):
        yield
