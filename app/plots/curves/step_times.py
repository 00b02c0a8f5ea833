"""Training time by step, from the events of a run; no Qt here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from app.plots.decimation import XAxis

if TYPE_CHECKING:
    from mtl_core.store import EventRecord, RunRecord

_UNITS = (("seconds", 1.0, 180.0), ("minutes", 60.0, 3 * 3600.0), ("hours", 3600.0, float("inf")))
"""What an axis counts, its length in seconds, and up to how many seconds."""
_STANDS = ("pause", "stop", "finish", "error")


class Clock:
    """The time for which a run had trained when it reached a step, known at its events and its last heartbeat.

    It runs from the start on and stands while the run is paused, stopped or interrupted. Where a run went back to a
    checkpoint, it goes back too: a step's time is the one it took to get there, without the work that was lost.

    Args:
        started: When the run began, in seconds since 1970; needed where its first event is not its start.
    """

    def __init__(self, started: float | None = None) -> None:
        self._steps, self._seconds = [0.0], [0.0]
        self._before = 0.0
        self._since = started

    def take(self, events: Iterable[EventRecord]) -> None:
        """Go on with more events, oldest first."""
        for event in events:
            if event.kind == "start":
                self._begin_at(float(event.step), event.time)
            elif event.kind == "resume":
                self._since = event.time
            elif self._since is not None:
                self._note(float(event.step), self._at(event.time))
                if event.kind in _STANDS:
                    self._before, self._since = self._at(event.time), None

    def known_times(self, run: RunRecord) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Steps whose time is known, and these times in seconds; both ascend, from 0 on."""
        steps, seconds = tuple(self._steps), tuple(self._seconds)
        if run.progress is None or run.heartbeat is None or self._since is None:
            return steps, seconds
        step, now = float(run.progress.step), self._at(run.heartbeat)
        if step <= steps[-1] or now <= seconds[-1]:
            return steps, seconds
        return (*steps, step), (*seconds, now)

    def _at(self, time: float) -> float:
        return self._before + (0.0 if self._since is None else time - self._since)

    def _note(self, step: float, second: float) -> None:
        if step > self._steps[-1] and second > self._seconds[-1]:
            self._steps.append(step)
            self._seconds.append(second)

    def _begin_at(self, step: float, time: float) -> None:
        """The training begins, or goes on from a checkpoint: what was known beyond it is void."""
        self._before, self._since = float(np.interp(step, self._steps, self._seconds)), time
        count = bisect_right(self._steps, step)
        del self._steps[count:], self._seconds[count:]
        self._note(step, self._before)


def unit_of(seconds: float) -> tuple[str, float]:
    """What an axis that long counts, and the length of that in seconds."""
    return next((name, length) for name, length, most in _UNITS if seconds <= most)


def time_axis(clock: Clock, run: RunRecord, unit: tuple[str, float] | None = None) -> XAxis | None:
    """The time for which a run has trained; None while no time is known.

    Args:
        clock: What is known of its times.
        run: The run.
        unit: What the axis counts, the run's own choice without it.
    """
    steps, seconds = clock.known_times(run)
    if len(steps) < 2:
        return None
    name, length = unit or unit_of(seconds[-1])
    return XAxis(name, steps, tuple(second / length for second in seconds))


def epoch_axis(run: RunRecord) -> XAxis | None:
    """The epochs of a run, which may be of another length than those of other runs; None while that is not known."""
    progress = run.progress
    if progress is None or not progress.epochs or not progress.steps:
        return None
    return XAxis("epoch", (0.0, float(progress.steps)), (0.0, float(progress.epochs)))


def x_axis(kind: str, run: RunRecord, clock: Clock) -> XAxis:
    """The horizontal axis for one run: ``step``, ``epoch`` or ``time``; steps where the others are not known yet."""
    axis = epoch_axis(run) if kind == "epoch" else time_axis(clock, run) if kind == "time" else None
    return axis or XAxis()
