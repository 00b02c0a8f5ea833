"""What the run queue reads from the store, on the store's thread."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, RunStore

LIVE = ("running", "paused")
_LEFT_BEHIND_SECONDS = 10.0
"""A queued run older than this at start belongs to a window that is gone."""


def find(store: "RunStore") -> "tuple[list[RunRecord], list[RunRecord]]":
    """The runs that are on, and those that a window which is gone left waiting."""
    store.reap()
    records = sorted(store.runs(), key=lambda record: record.id)
    on = [record for record in records if record.state in LIVE]
    before = time.time() - _LEFT_BEHIND_SECONDS
    return on, [record for record in records if record.state == "queued" and record.created < before]


def after(store: "RunStore", runs: Sequence[int]) -> "list[RunRecord]":
    """The records of runs whose process is through with them; a process that died leaves them interrupted."""
    store.reap()
    return [store.run(run) for run in runs]


def look(store: "RunStore", runs: tuple[int, ...], *, widely: bool) -> "list[RunRecord]":
    """The records of some runs; ``widely``: also of those that others have started, after burying the dead."""
    known = [store.run(run) for run in runs]
    if not widely:
        return known
    store.reap()
    others = [record for state in LIVE for record in store.runs(query=f"state:{state}") if record.id not in runs]
    return [*known, *others]
