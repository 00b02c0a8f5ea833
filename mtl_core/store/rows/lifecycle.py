"""Lifecycle of a run: its process, heartbeats, state changes and end."""

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from mtl_core.errors import InputError
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.states import END_STATES, LIVE_STATES, RunState
from mtl_core.store import processes
from mtl_core.store.rows import requests, runs
from mtl_core.store.rows.damage import select_rows
from mtl_core.store.tables import RUN

HEARTBEAT_TIMEOUT = 15.0
"""Seconds without a heartbeat after which the process of a run on another machine is presumed dead."""


def _heartbeat_statement() -> sa.Update:
    """Build the statement of a heartbeat; once, as building takes longer than executing, five times a second."""
    now = sa.bindparam("now", type_=sa.Float)
    presumed_dead = sa.and_(
        RUN.c.state == "interrupted", RUN.c.pid == sa.bindparam("own_pid"), RUN.c.host == sa.bindparam("own_host")
    )
    return (
        sa.update(RUN)
        .where(RUN.c.id == sa.bindparam("of_run"))
        .values(
            state=sa.case((presumed_dead, "running"), else_=RUN.c.state),
            finished=sa.case((presumed_dead, sa.null()), else_=RUN.c.finished),
            seconds=_add_elapsed(sa.bindparam("elapsed", type_=sa.Float)),
            heartbeat=now,
            progress=sa.bindparam("new_progress", type_=RUN.c.progress.type),
        )
    )


def _add_elapsed(elapsed: sa.ColumnElement[float]) -> sa.ColumnElement[float]:
    """Return the training time after ``elapsed`` more seconds, which do not count while the run is paused."""
    return RUN.c.seconds + sa.case((RUN.c.state == "running", elapsed), else_=0.0)


_HEARTBEAT = _heartbeat_statement()


class TrainingClock:
    """Measures the time between two reports of the runs that this process trains, by a monotonic clock."""

    def __init__(self) -> None:
        self._last: dict[int, float] = {}
        self._lock = threading.Lock()

    def start(self, run: int) -> None:
        """Start the measurement for a run."""
        with self._lock:
            self._last[run] = time.monotonic()

    @contextmanager
    def lap(self, run: int) -> Iterator[float]:
        """Yield the seconds since the last lap; 0 for a run of another process.

        If the block raises, the seconds are included in the next lap.
        """
        with self._lock:
            now = time.monotonic()
            previous = self._last.get(run, now)
            if run in self._last:
                self._last[run] = now
        try:
            yield now - previous
        except BaseException:
            with self._lock:
                if run in self._last:
                    self._last[run] = previous
            raise


def claim(connection: sa.Connection, run: int, *, pid: int, host: str, **columns: Any) -> None:
    """Assign a run to the process that trains it.

    Raises:
        InputError: There is no such run, it has finished, or a living process trains it.
    """
    row = runs.lock(connection, run)
    check_free(row, pid, host)
    if row["state"] != "queued":
        requests.discard_pending(connection, run)
    now = time.time()
    start_time = processes.read_start_time(pid) if host == processes.host_name() else ""
    owner_columns = {"pid": pid, "host": host, "process_started": start_time, "heartbeat": now}
    started = {"state": "running", "started": row["started"] or now, "finished": None, "error": ""}
    runs.update(connection, run, **owner_columns, **started, **columns)


def check_free(row: sa.RowMapping, pid: int | None = None, host: str = "") -> None:
    """Check that a process may train a run.

    Raises:
        InputError: It has finished, or another living process trains it.
    """
    run = f"run {row['id']}"
    if row["state"] == "finished":
        raise InputError(run, "has finished", fix="Run it again as a new run instead.")
    is_own = (row["pid"], row["host"]) == (pid, host)
    if row["state"] in LIVE_STATES and not is_own and not _is_dead(row, time.time()):
        owner = f"process {row['pid']} on {row['host']}"
        raise InputError(run, "is being trained already", found=owner, fix="Stop it first.")


def set_state(connection: sa.Connection, run: int, state: RunState) -> None:
    """Set the state of a run; requests from before its end are discarded if it is queued again.

    Raises:
        InputError: There is no such run.
    """
    row = runs.lock(connection, run)
    if state == "queued" and row["state"] in END_STATES:
        requests.discard_pending(connection, run)
        runs.update(connection, run, finished=None, error="")
    runs.update(connection, run, state=state)


def record_heartbeat(connection: sa.Connection, run: int, progress: Progress, seconds: float) -> None:
    """Record the progress of a run and the time; a run whose process was presumed dead is set to running again.

    Args:
        connection: Connection to the store.
        run: The run.
        progress: Its progress.
        seconds: Time since the last heartbeat.
    """
    parameters = {"of_run": run, "now": time.time(), "own_pid": os.getpid(), "own_host": processes.host_name()}
    if not connection.execute(_HEARTBEAT, {**parameters, "elapsed": seconds, "new_progress": vars(progress)}).rowcount:
        raise runs.missing_run_error(run)


def end(connection: sa.Connection, run: int, state: RunState, error: str, seconds: float) -> None:
    """Set the state in which a run ended, ``seconds`` after its last heartbeat."""
    total = _add_elapsed(sa.literal(seconds))
    runs.update(connection, run, state=state, error=error, finished=time.time(), seconds=total)


def reap(connection: sa.Connection, numbers: Iterable[int]) -> list[int]:
    """Set the runs whose process died to interrupted; return their numbers."""
    now, interrupted = time.time(), []
    for run in numbers:
        row = runs.lock(connection, run)
        if row["state"] in LIVE_STATES and _is_dead(row, now):
            runs.update(connection, run, state="interrupted", finished=row["heartbeat"] or now)
            interrupted.append(run)
    return interrupted


def find_process(connection: sa.Connection, run: int) -> tuple[int, str]:
    """Return number and start time of the process that trains a run on this machine.

    Raises:
        InputError: There is no such run, it is not being trained, or it is trained on another machine.
    """
    row = runs.lock(connection, run)
    if row["state"] not in LIVE_STATES or row["pid"] is None:
        raise InputError(f"run {run}", "is not being trained", found=row["state"])
    if row["host"] != processes.host_name():
        raise InputError(f"run {run}", "is trained on another machine", found=row["host"], fix="Kill it there.")
    return row["pid"], row["process_started"]


def find_dead_runs(connection: sa.Connection) -> list[int]:
    """Return the runs in a live state whose process is dead."""
    live = runs.STATE_QUERY.where(RUN.c.state.in_(LIVE_STATES))
    rows, _ = select_rows(connection, live, RUN.c.id, sa.select(RUN.c.id).where(RUN.c.state.in_(LIVE_STATES)))
    now = time.time()
    return [row.id for row in rows if _is_dead(row._mapping, now)]


def _is_dead(row: sa.RowMapping, now: float) -> bool:
    """Whether the process of a run is dead; on another machine, whether its last heartbeat is too old."""
    if row["host"] == processes.host_name() and row["pid"] is not None:
        return not processes.is_alive(row["pid"], row["process_started"])
    heartbeat = row["heartbeat"]
    return not isinstance(heartbeat, int | float) or now - heartbeat > HEARTBEAT_TIMEOUT
