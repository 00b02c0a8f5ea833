"""Report of the files that are decoded before a run trains: events of its progress, and its end when asked to stop."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mtl_core.errors import EnvironmentFault
from mtl_core.media.decoding import report_decoding
from mtl_core.protocol.events import NoteEvent
from mtl_core.runner.store_recorder import StoreRecorder
from mtl_core.spec import DataNote

FIRST_SECONDS, INTERVAL_SECONDS = 2.0, 15.0
"""When the first event comes, and the time between two."""
_REQUEST_SECONDS = 0.5


class DecodingReport:
    """Stores how far the decoding is as events of a run, and ends it when the run is asked to stop.

    Args:
        recorder: The recorder of the run.
        clock: Gives the time in seconds.
    """

    def __init__(self, recorder: StoreRecorder, clock: Callable[[], float] = time.monotonic) -> None:
        self._recorder, self._clock = recorder, clock
        self._next_event = clock() + FIRST_SECONDS
        self._next_request = clock()

    def __call__(self, done: int, total: int) -> None:
        """Report so many decoded files.

        Raises:
            EnvironmentFault: The run was asked to stop.
        """
        now = self._clock()
        if now >= self._next_request:
            self._next_request = now + _REQUEST_SECONDS
            if self._recorder.is_stop_requested():
                fix = "Resume the run to decode them anew."
                raise EnvironmentFault("run", "was stopped while its files were decoded", fix=fix)
        if now >= self._next_event and done < total:
            self._next_event = now + INTERVAL_SECONDS
            note = DataNote(place="file", what=f"{done:,} of {total:,} files are decoded.", count=done)
            self._recorder.event(NoteEvent(step=self._recorder.step, message=str(note), data=note))


@contextmanager
def recorded_decoding(recorder: StoreRecorder) -> Iterator[None]:
    """Context manager in which the decoding of files is reported to a run."""
    with report_decoding(DecodingReport(recorder)):
        yield
