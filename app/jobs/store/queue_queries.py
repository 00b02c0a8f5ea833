"""What the run queue reads from the store and writes there, on the store's thread."""

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, RunStore

_LEFT_BEHIND_SECONDS = 10.0
"""A queued run older than this at start belongs to a window that is gone."""


@dataclass(frozen=True)
class Death:
    """The end of a process that had runs to train.

    Attributes:
        pid: Its number.
        cause: What happened to it, for people.
    """

    pid: int
    cause: str


def cause_of_death(status: int, words: str, *, by_hand: bool = False) -> str:
    """What happened to a process, for people.

    Args:
        status: Its exit status; below zero the signal that ended it.
        words: The last line it said.
        by_hand: Whether a person had it killed.
    """
    if by_hand:
        return "its process was killed by hand"
    if status == -getattr(signal, "SIGKILL", 0):
        return "its process was killed (SIGKILL), which the system does when memory runs out"
    if status < 0:
        known = {int(one): one.name for one in signal.Signals}
        return f"its process crashed ({known.get(-status, f'signal {-status}')})"
    return f"its process ended with status {status}" + (f": {words.rstrip('.')}" if words else "")


def find(store: "RunStore") -> "tuple[list[RunRecord], list[RunRecord]]":
    """The runs that are on, and those that a window which is gone left waiting."""
    store.reap()
    records = sorted(store.runs(), key=lambda record: record.id)
    on = [record for record in records if record.is_live]
    before = time.time() - _LEFT_BEHIND_SECONDS
    return on, [record for record in records if record.state == "queued" and record.created < before]


def after(
    store: "RunStore",
    runs: Sequence[int],
    *,
    refusal: Exception | None = None,
    death: Death | None = None,
    again: bool = False,
) -> "list[RunRecord]":
    """The records of runs whose process is through with them; one that does not train any more says why.

    Args:
        store: The store.
        runs: The runs.
        refusal: Why the process would not train them.
        death: How the process died, which becomes the error of the runs it had; None when it did not.
        again: Leave those that a dead process had not begun in the queue, for another one.
    """
    for record in [store.run(run) for run in runs]:
        if record.state == "queued":  # let no run wait for ever
            if refusal is not None:
                store.finish(record.id, "failed", str(refusal))
            elif death is not None and not again:
                store.finish(record.id, "failed", death.cause)
        elif death is not None and record.pid == death.pid and (record.is_live or record.state == "interrupted"):
            store.finish(record.id, "interrupted", death.cause)
    store.reap()
    return [store.run(run) for run in runs]


def refuse_runs(store: "RunStore", runs: Sequence[int], error: Exception) -> "list[RunRecord]":
    """Withdraw queued runs that cannot train: they have failed with the reason and are archived; their records."""
    for run in runs:
        if store.run(run).state == "queued":
            store.finish(run, "failed", str(error), archive=True)
    return [store.run(run) for run in runs]


def look(store: "RunStore", runs: tuple[int, ...], *, widely: bool) -> "list[RunRecord]":
    """The records of some runs; ``widely``: also of those that others have started, after burying the dead."""
    from mtl_core.store import LIVE_STATES

    known = [store.run(run) for run in runs]
    if not widely:
        return known
    store.reap()
    others = [record for state in LIVE_STATES for record in store.runs(query=f"state:{state}") if record.id not in runs]
    return [*known, *others]
