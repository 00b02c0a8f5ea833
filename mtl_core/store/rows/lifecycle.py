"""The life of a run: who trains it, that it still lives, how it ended, and who died."""

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

HEARTBEAT_SECONDS = 15.0  # a run on another machine that was silent for longer is taken for dead


def _beat_statement() -> sa.Update:
    """Built once: a run beats five times a second, and building is most of the cost of a small statement."""
    now = sa.bindparam("now", type_=sa.Float)
    mistaken = sa.and_(
        RUN.c.state == "interrupted", RUN.c.pid == sa.bindparam("my_pid"), RUN.c.host == sa.bindparam("my_host")
    )
    return (
        sa.update(RUN)
        .where(RUN.c.id == sa.bindparam("of_run"))
        .values(
            state=sa.case((mistaken, "running"), else_=RUN.c.state),
            finished=sa.case((mistaken, sa.null()), else_=RUN.c.finished),
            seconds=_more_seconds(sa.bindparam("elapsed", type_=sa.Float)),
            heartbeat=now,
            progress=sa.bindparam("how_far", type_=RUN.c.progress.type),
        )
    )


def _more_seconds(elapsed: sa.ColumnElement[float]) -> sa.ColumnElement[float]:
    """The time trained after ``elapsed`` more seconds, which count unless the run was paused."""
    return RUN.c.seconds + sa.case((RUN.c.state == "running", elapsed), else_=0.0)


_BEAT = _beat_statement()


class TrainingClock:
    """Measures the seconds between two reports of the runs that this process trains, by a clock that nobody sets."""

    def __init__(self) -> None:
        self._last: dict[int, float] = {}
        self._lock = threading.Lock()

    def start(self, run: int) -> None:
        """Measure from now on."""
        with self._lock:
            self._last[run] = time.monotonic()

    @contextmanager
    def lap(self, run: int) -> Iterator[float]:
        """The seconds since the last lap, which are told again when the block raises; 0 for another process's run."""
        with self._lock:
            now = time.monotonic()
            before = self._last.get(run, now)
            if run in self._last:
                self._last[run] = now
        try:
            yield now - before
        except BaseException:
            with self._lock:
                if run in self._last:
                    self._last[run] = before
            raise


def claim(connection: sa.Connection, run: int, *, pid: int, host: str, **columns: Any) -> None:
    """Make a process the one that trains a run.

    Raises:
        InputError: There is no such run, it has finished, or a living process trains it.
    """
    row = runs.lock(connection, run)
    check_free(row, pid, host)
    if row["state"] != "queued":
        requests.forget(connection, run)
    now = time.time()
    begun = processes.started(pid) if host == processes.this_host() else ""
    owner_columns = {"pid": pid, "host": host, "process_started": begun, "heartbeat": now}
    started = {"state": "running", "started": row["started"] or now, "finished": None, "error": ""}
    runs.change(connection, run, **owner_columns, **started, **columns)


def check_free(row: sa.RowMapping, pid: int | None = None, host: str = "") -> None:
    """See that a process may train a run.

    Raises:
        InputError: It has finished, or another living process trains it.
    """
    run = f"run {row['id']}"
    if row["state"] == "finished":
        raise InputError(run, "has finished", fix="Run it again as a new run instead.")
    itself = (row["pid"], row["host"]) == (pid, host)
    if row["state"] in LIVE_STATES and not itself and not _dead(row, time.time()):
        owner = f"process {row['pid']} on {row['host']}"
        raise InputError(run, "is being trained already", found=owner, fix="Stop it first.")


def set_state(connection: sa.Connection, run: int, state: RunState) -> None:
    """Set the state of a run; one that is queued again starts without what was asked of it before it ended.

    Raises:
        InputError: There is no such run.
    """
    row = runs.lock(connection, run)
    if state == "queued" and row["state"] in END_STATES:
        requests.forget(connection, run)
        runs.change(connection, run, finished=None, error="")
    runs.change(connection, run, state=state)


def beat(connection: sa.Connection, run: int, progress: Progress, seconds: float) -> None:
    """Report that a run lives; one that was taken for dead by mistake is running again.

    Args:
        connection: To the store.
        run: The run.
        progress: How far it has come.
        seconds: Time since the last report.
    """
    sign = {"of_run": run, "now": time.time(), "my_pid": os.getpid(), "my_host": processes.this_host()}
    if not connection.execute(_BEAT, {**sign, "elapsed": seconds, "how_far": vars(progress)}).rowcount:
        raise runs.no_such_run(run)


def end(connection: sa.Connection, run: int, state: RunState, error: str, seconds: float) -> None:
    """Write that a run is over, ``seconds`` after its last report."""
    more = _more_seconds(sa.literal(seconds))
    runs.change(connection, run, state=state, error=error, finished=time.time(), seconds=more)


def reap(connection: sa.Connection, numbers: Iterable[int]) -> list[int]:
    """Mark those of some runs whose process died as interrupted; which they were."""
    now, found = time.time(), []
    for run in numbers:
        row = runs.lock(connection, run)
        if row["state"] in LIVE_STATES and _dead(row, now):
            runs.change(connection, run, state="interrupted", finished=row["heartbeat"] or now)
            found.append(run)
    return found


def owner(connection: sa.Connection, run: int) -> tuple[int, str]:
    """The process of this machine that trains a run: its number, and what tells it from a later one.

    Raises:
        InputError: There is no such run, it is not being trained, or it is trained on another machine.
    """
    row = runs.lock(connection, run)
    if row["state"] not in LIVE_STATES or row["pid"] is None:
        raise InputError(f"run {run}", "is not being trained", found=row["state"])
    if row["host"] != processes.this_host():
        raise InputError(f"run {run}", "is trained on another machine", found=row["host"], fix="Kill it there.")
    return row["pid"], row["process_started"]


def dead(connection: sa.Connection) -> list[int]:
    """The runs that are said to be running and whose process is gone."""
    live = runs.LIFE.where(RUN.c.state.in_(LIVE_STATES))
    rows, _ = select_rows(connection, live, RUN.c.id, sa.select(RUN.c.id).where(RUN.c.state.in_(LIVE_STATES)))
    now = time.time()
    return [row.id for row in rows if _dead(row._mapping, now)]


def _dead(row: sa.RowMapping, now: float) -> bool:
    """Whether the process of a run is gone: looked up on its own machine, elsewhere by its silence."""
    if row["host"] == processes.this_host() and row["pid"] is not None:
        return not processes.alive(row["pid"], row["process_started"])
    heartbeat = row["heartbeat"]
    return not isinstance(heartbeat, int | float) or now - heartbeat > HEARTBEAT_SECONDS
