"""Report of how the data of a run are read: events of its progress, and its end when asked to stop."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mtl_core.errors import EnvironmentFault
from mtl_core.protocol.events import NoteEvent
from mtl_core.protocol.work_progress import WorkProgress, progress_listener
from mtl_core.runner.store_recorder import StoreRecorder
from mtl_core.spec import DataNote

FIRST_SECONDS, INTERVAL_SECONDS = 2.0, 15.0
"""When the first event comes, and the time between two."""
_REQUEST_SECONDS = 0.5


class ReadingReport:
    """Stores how far the reading is as events of a run, and ends it when the run is asked to stop.

    Args:
        recorder: The recorder of the run.
        clock: Gives the time in seconds.
    """

    def __init__(self, recorder: StoreRecorder, clock: Callable[[], float] = time.monotonic) -> None:
        self._recorder, self._clock = recorder, clock
        self._next_event = clock() + FIRST_SECONDS
        self._next_request = clock()

    def __call__(self, progress: WorkProgress) -> None:
        """Take a report of progress.

        Raises:
            EnvironmentFault: The run was asked to stop.
        """
        now = self._clock()
        if now >= self._next_request:
            self._next_request = now + _REQUEST_SECONDS
            if self._recorder.is_stop_requested():
                raise EnvironmentFault("run", "was stopped while its data were read", fix="Resume the run.")
        if now >= self._next_event and progress.share < 1:
            self._next_event = now + INTERVAL_SECONDS
            note = DataNote(place="file", what=f"{progress.what}.")
            self._recorder.event(NoteEvent(step=self._recorder.step, message=str(note), data=note))


@contextmanager
def recorded_reading(recorder: StoreRecorder) -> Iterator[None]:
    """Context manager in which the reading of data is reported to a run."""
    with progress_listener(ReadingReport(recorder)):
        yield
