"""Which run Pause and Stop apply to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtl_core.store import RunRecord


def controlled_run(
    records: Mapping[int, RunRecord], training: Sequence[int], shown: int | None = None
) -> RunRecord | None:
    """Return the run that Pause and Stop apply to, or None.

    It is the shown run if that is running or paused, else the first run that the process of this window trains, else
    the first that is running or paused elsewhere, else the first that is queued.

    Args:
        records: The runs that are running, paused or queued, by number.
        training: The runs that the process of this window trains.
        shown: The run that the Live page shows.
    """
    live = [record for record in records.values() if record.is_live]
    own = [records[run] for run in training[:1] if run in records]
    candidates = [*(record for record in live if record.id == shown), *own, *live, *records.values()]
    return next(iter(candidates), None)
