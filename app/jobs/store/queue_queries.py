"""Store queries and updates of the run queue; they run on the store's thread."""

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, RunStore

_ORPHANED_SECONDS = 10.0
"""A queued run older than this when a window starts belongs to a window that is gone."""


@dataclass(frozen=True)
class ExitCause:
    """Why a process that had runs to train has ended.

    Attributes:
        pid: Its number.
        message: What happened to it, for people.
    """

    pid: int
    message: str


def exit_message(status: int, last_line: str, *, killed_by_user: bool = False) -> str:
    """Describe for people how a process ended.

    Args:
        status: Its exit status; below zero the signal that ended it.
        last_line: The last line of its log.
        killed_by_user: Whether a person had it killed.
    """
    if killed_by_user:
        return "its process was killed by hand"
    if status == -getattr(signal, "SIGKILL", 0):
        return "its process was killed (SIGKILL), which the system does when memory runs out"
    if status < 0:
        names = {int(number): number.name for number in signal.Signals}
        return f"its process crashed ({names.get(-status, f'signal {-status}')})"
    return f"its process ended with status {status}" + (f": {last_line.rstrip('.')}" if last_line else "")


def find_active_runs(store: "RunStore") -> "tuple[list[RunRecord], list[RunRecord]]":
    """Return the runs that are running or paused, and those that a window which is gone left queued."""
    store.reap()
    records = sorted(store.runs(), key=lambda record: record.id)
    live = [record for record in records if record.is_live]
    created_before = time.time() - _ORPHANED_SECONDS
    return live, [record for record in records if record.state == "queued" and record.created < created_before]


def finish_turn(
    store: "RunStore",
    runs: Sequence[int],
    *,
    refusal: Exception | None = None,
    exit_cause: ExitCause | None = None,
    requeue: bool = False,
) -> "list[RunRecord]":
    """Write the end of the runs of a turn, with the reason where they did not end by themselves.

    Args:
        store: The store.
        runs: The runs of the turn.
        refusal: Why the process would not train them.
        exit_cause: Why the process ended, which becomes the error of the runs it had; None while it lives.
        requeue: Leave runs that the process had not begun in the queue, for another process.

    Returns:
        Their records.
    """
    for record in [store.run(run) for run in runs]:
        if record.state == "queued":  # no run may wait for ever
            if refusal is not None:
                store.finish(record.id, "failed", str(refusal))
            elif exit_cause is not None and not requeue:
                store.finish(record.id, "failed", exit_cause.message)
        elif (
            exit_cause is not None
            and record.pid == exit_cause.pid
            and (record.is_live or record.state == "interrupted")
        ):
            store.finish(record.id, "interrupted", exit_cause.message)
    store.reap()
    return [store.run(run) for run in runs]


def refuse_runs(store: "RunStore", runs: Sequence[int], error: Exception) -> "list[RunRecord]":
    """Withdraw queued runs that cannot train: they fail with the reason and are archived; return their records."""
    for run in runs:
        if store.run(run).state == "queued":
            store.finish(run, "failed", str(error), archive=True)
    return [store.run(run) for run in runs]


def read_records(store: "RunStore", runs: tuple[int, ...], *, discover: bool) -> "list[RunRecord]":
    """Return the records of some runs.

    Args:
        store: The store.
        runs: The runs.
        discover: First interrupt runs whose process has died, and also return live runs that others have started.
    """
    from mtl_core.store import LIVE_STATES

    records = [store.run(run) for run in runs]
    if not discover:
        return records
    store.reap()
    live = (record for state in LIVE_STATES for record in store.runs(query=f"state:{state}"))
    return [*records, *(record for record in live if record.id not in runs)]


def read_study_runs(store: "RunStore", study: int) -> tuple[list[int], bool]:
    """Return the runs of a study to compare, and whether they have several weighting methods.

    Those that train all tasks; of several methods also the baselines, unless they were taken out of the queue.
    """
    records = sorted(store.runs(archived=True, query=f"study:{study}"), key=lambda record: record.id)
    several = len({record.method for record in records if not record.baseline}) > 1

    def is_shown(record: "RunRecord") -> bool:
        return not record.baseline or (several and (record.started is not None or not record.has_ended))

    return [record.id for record in records if is_shown(record)], several
