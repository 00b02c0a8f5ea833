"""Detection of a run that ended because its loss diverged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the window starts without the store
    from mtl_core.store.records import EventRecord, RunRecord


def divergence_event(record: RunRecord, events: Sequence[EventRecord]) -> EventRecord | None:
    """Return the event of the NaN or infinite loss that ended a run, or None if something else ended it.

    Resumed from its checkpoint, such a run would diverge again.

    Args:
        record: The run.
        events: All events of the run, oldest first.
    """
    # By the kind of the rows, not by their data, which other versions may have written otherwise. A run that was
    # resumed after the divergence has another start.
    outcomes = [event for event in events if event.kind in ("start", "nan")]
    if record.state != "failed" or not outcomes or outcomes[-1].kind != "nan":
        return None
    return outcomes[-1]


def can_resume(record: RunRecord, events: Sequence[EventRecord]) -> bool:
    """Whether a run has ended early and would go on if it were resumed from its checkpoint: it has not diverged."""
    return record.is_resumable and divergence_event(record, events) is None
