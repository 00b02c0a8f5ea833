"""What the horizontal axis counts, from what a run says of itself; no Qt here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.plots import AxisKind, XAxis

if TYPE_CHECKING:
    from mtl_core.store import EventRecord, RunRecord


def x_axis(kind: AxisKind, run: RunRecord, events: Sequence[EventRecord]) -> XAxis:
    """The horizontal axis; steps where epochs or times are not known yet."""
    now = run.progress
    if kind == "epoch" and now is not None and now.epochs and now.steps:
        return XAxis("epoch", (0.0, float(now.steps)), (0.0, float(now.epochs)))
    if kind == "time":
        return _time_axis(run, events)
    return XAxis()


def _time_axis(run: RunRecord, events: Sequence[EventRecord]) -> XAxis:
    """Time since the start, known at every event and at the last sign of life."""
    if run.started is None:
        return XAxis()
    seen = [(float(event.step), event.time - run.started) for event in events]
    if run.progress is not None and run.heartbeat is not None:
        seen.append((float(run.progress.step), run.heartbeat - run.started))
    steps, places = [0.0], [0.0]
    for step, place in sorted(seen):
        if step > steps[-1] and place > places[-1]:
            steps.append(step)
            places.append(place)
    if len(steps) < 2:
        return XAxis()
    unit, length = ("minutes", 60.0) if places[-1] > 180 else ("seconds", 1.0)
    return XAxis(unit, tuple(steps), tuple(place / length for place in places))
