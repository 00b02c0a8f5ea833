"""Requests to runs while they train: stop, pause, resume, save a checkpoint, change the loss weights."""

import time
from collections.abc import Callable, Sequence

from mtl_core.protocol.requests import (
    CheckpointRequest,
    PauseRequest,
    Request,
    ResumeRequest,
    StopRequest,
    WeightsRequest,
)
from mtl_core.training.training_run import TrainingRun

PAUSE_SECONDS = 0.1
"""Interval at which a paused run reads requests."""

Action = Callable[[TrainingRun], None]


class StoppedError(Exception):
    """A request asked for a stop; the results so far are kept."""


class RequestHandler:
    """Handles the requests to the runs of a training loop, between two steps.

    Stop, pause and resume apply to all runs of the loop, the others to the run that they were made to.

    Args:
        active_runs: Returns the runs that are still trained.
        apply: Applies an action to a run.
        pause_message: Message of the event of a pause.
    """

    def __init__(
        self,
        active_runs: Callable[[], Sequence[TrainingRun]],
        apply: Callable[[TrainingRun, Action], None],
        pause_message: str,
    ) -> None:
        self._active_runs, self._apply, self._pause_message = active_runs, apply, pause_message

    def handle(self) -> None:
        """Handle the requests since the last call; during a pause, also those that follow, until the end of it.

        Raises:
            StoppedError: A stop was requested.
        """
        is_paused = False
        while True:
            for run, request in self._read():
                is_paused = self._handle(run, request, is_paused)
            if not is_paused or not self._active_runs():
                return
            time.sleep(PAUSE_SECONDS)

    def _read(self) -> list[tuple[TrainingRun, Request]]:
        return [(run, request) for run in self._active_runs() for request in run.recorder.requests()]

    def _handle(self, run: TrainingRun, request: Request, is_paused: bool) -> bool:
        """Handle a request; return whether the runs are paused afterwards."""
        match request:
            case StopRequest():
                raise StoppedError
            case PauseRequest():
                if not is_paused:
                    self._apply_to_all(lambda active: active.pause(self._pause_message))
                return True
            case ResumeRequest():
                if is_paused:
                    self._apply_to_all(TrainingRun.resume)
                return False
            case CheckpointRequest():
                self._apply(run, TrainingRun.keep_checkpoint)
            case WeightsRequest(weights=weights):
                self._apply(run, lambda active: active.manual_weights.apply(active.state.step, weights))
        return is_paused

    def _apply_to_all(self, action: Action) -> None:
        for run in self._active_runs():
            self._apply(run, action)
