"""The states of a run."""

from typing import Literal, get_args

ResultState = Literal["finished", "stopped"]
"""State of a run whose training returned a result: it was completed, or a person stopped it."""
TrainingEndState = Literal[ResultState, "failed"]
"""State in which a process leaves the run that it has trained."""
EndState = Literal[TrainingEndState, "interrupted"]
"""State of a run that has ended; ``interrupted``: its process ended before its training did."""
LiveState = Literal["running", "paused"]
"""State of a run that a process trains."""
RunState = Literal["queued", LiveState, EndState]

RUN_STATES: tuple[RunState, ...] = get_args(RunState)
END_STATES: tuple[EndState, ...] = get_args(EndState)
LIVE_STATES: tuple[LiveState, ...] = get_args(LiveState)
RESULT_STATES: tuple[ResultState, ...] = get_args(ResultState)
RESUMABLE_STATES: tuple[EndState, ...] = tuple(state for state in END_STATES if state != "finished")
"""States of a run that has ended before its training was complete."""
