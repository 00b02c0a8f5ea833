"""Training time by step, from the events of a run; no Qt here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import numpy as np

from app.plots.decimation import XAxis

if TYPE_CHECKING:
    from mtl_core.store import EventRecord, RunRecord

AxisKind = Literal["step", "epoch", "examples", "time"]
"""Units of the horizontal axis."""

_UNITS = (("seconds", 1.0, 180.0), ("minutes", 60.0, 3 * 3600.0), ("hours", 3600.0, float("inf")))
"""Units of a time axis: name, seconds, and longest time shown in it, in seconds."""
_STOPPING_EVENTS = ("pause", "stop", "finish", "error")


class TrainingClock:
    """Training time by step, known at a run's events and at its last heartbeat.

    Pauses and interruptions do not count. When a run continues from a checkpoint, the clock goes back to the
    checkpoint's time, so that lost work does not count either.

    Args:
        started: Start of the run in seconds since 1970, for a run whose first event is not its start.
    """

    def __init__(self, started: float | None = None) -> None:
        self._steps, self._seconds = [0.0], [0.0]
        self._seconds_before = 0.0
        self._resumed_at = started

    def add_events(self, events: Iterable[EventRecord]) -> None:
        """Add events, oldest first."""
        for event in events:
            if event.kind == "start":
                self._begin_at(float(event.step), event.time)
            elif event.kind == "resume":
                self._resumed_at = event.time
            elif self._resumed_at is not None:
                self._add_time(float(event.step), self._training_time(event.time))
                if event.kind in _STOPPING_EVENTS:
                    self._seconds_before, self._resumed_at = self._training_time(event.time), None

    def known_times(self, run: RunRecord) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Steps with a known time, and these times in seconds; both ascending from 0."""
        steps, seconds = tuple(self._steps), tuple(self._seconds)
        if run.progress is None or run.heartbeat is None or self._resumed_at is None:
            return steps, seconds
        step, now = float(run.progress.step), self._training_time(run.heartbeat)
        if step <= steps[-1] or now <= seconds[-1]:
            return steps, seconds
        return (*steps, step), (*seconds, now)

    def _training_time(self, time: float) -> float:
        return self._seconds_before + (0.0 if self._resumed_at is None else time - self._resumed_at)

    def _add_time(self, step: float, second: float) -> None:
        if step > self._steps[-1] and second > self._seconds[-1]:
            self._steps.append(step)
            self._seconds.append(second)

    def _begin_at(self, step: float, time: float) -> None:
        """Start or continue at a step, and forget the times of later steps."""
        self._seconds_before, self._resumed_at = float(np.interp(step, self._steps, self._seconds)), time
        count = bisect_right(self._steps, step)
        del self._steps[count:], self._seconds[count:]
        self._add_time(step, self._seconds_before)


def unit_of(seconds: float) -> tuple[str, float]:
    """Unit of a time axis of a given length, and the unit's length in seconds."""
    return next((name, length) for name, length, most in _UNITS if seconds <= most)


def time_axis(clock: TrainingClock, run: RunRecord, unit: tuple[str, float] | None = None) -> XAxis | None:
    """Horizontal axis of training time; None while no time is known.

    Args:
        clock: Its training times.
        run: The run.
        unit: Unit of the axis; by the run's length if None.
    """
    steps, seconds = clock.known_times(run)
    if len(steps) < 2:
        return None
    name, length = unit or unit_of(seconds[-1])
    return XAxis(name, steps, tuple(second / length for second in seconds))


def epoch_axis(run: RunRecord) -> XAxis | None:
    """Horizontal axis of epochs, whose length differs between runs; None while it is not known."""
    progress = run.progress
    if progress is None or not progress.epochs or not progress.steps:
        return None
    return XAxis("epoch", (0.0, float(progress.steps)), (0.0, float(progress.epochs)))


def examples_axis(run: RunRecord, batch_size: int) -> XAxis | None:
    """Horizontal axis of training rows seen: steps times rows of a step; None while either is not known.

    Accumulation splits a batch and does not change its rows. The last batch of an epoch may be smaller, so positions
    can be too far right by less than a batch an epoch.
    """
    progress = run.progress
    if progress is None or not progress.steps or batch_size < 1:
        return None
    return XAxis("examples", (0.0, float(progress.steps)), (0.0, float(progress.steps * batch_size)))


def epoch_steps(run: RunRecord) -> float:
    """Steps of an epoch of a run; 0 while not known."""
    progress = run.progress
    return progress.steps / progress.epochs if progress is not None and progress.epochs else 0.0


def x_axis(kind: AxisKind, run: RunRecord, clock: TrainingClock, batch_size: int = 0) -> XAxis:
    """Horizontal axis of a run in a unit; steps while that is not known.

    Args:
        kind: The unit.
        run: The run.
        clock: Its training times.
        batch_size: Rows of a step; 0 while not known.
    """
    match kind:
        case "epoch":
            axis = epoch_axis(run)
        case "examples":
            axis = examples_axis(run, batch_size)
        case "time":
            axis = time_axis(clock, run)
        case "step":
            axis = None
    return axis or XAxis()
