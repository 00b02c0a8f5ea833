"""Which run Pause and Stop mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtl_core.store import RunRecord


def controlled_run(
    records: Mapping[int, RunRecord], training: Sequence[int], shown: int | None = None
) -> RunRecord | None:
    """The run that Pause and Stop mean.

    It is the one that is shown if it is running or paused, else the first that the process of this window trains, else
    the first that is running or paused elsewhere, else the first that waits.

    Args:
        records: The runs that are running, paused or waiting, by number.
        training: The runs that the process of this window trains.
        shown: The run that is shown.
    """
    live = [record for record in records.values() if record.is_live]
    own = [records[run] for run in training[:1] if run in records]
    candidates = [*(record for record in live if record.id == shown), *own, *live, *records.values()]
    return next(iter(candidates), None)
