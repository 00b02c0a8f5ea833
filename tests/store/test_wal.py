"""The WAL of an SQLite store stays bounded while somebody always reads."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_core.spec import ExperimentSpec
from mtl_core.store import Points, RunStore, SeriesKey, database, open_store, sqlite

Experiment = Callable[..., ExperimentSpec]

WRITER = """
import os, sys, time
import numpy as np
from mtl_core.store import Points, Progress, SeriesKey, open_store, host_name
url, run, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
end, step = time.monotonic() + seconds, 0
with open_store(url) as store:
    store.claim(run, pid=os.getpid(), host=host_name(), device="cpu", versions={})
    while time.monotonic() < end:
        steps = np.arange(step, step + 400)
        points = Points.of(steps, np.sin(steps))
        store.append(run, {SeriesKey(task, "train", "loss"): points for task in ("a", "b", "c", "d")})
        store.record_heartbeat(run, Progress(step=step))
        step += 400
        time.sleep(0.005)  # SQLite lets nobody in by turns: writers that never rest may keep one out for seconds
    store.finish(run, "finished")
print(step)
"""


def watch_log(path: Path, seconds: float) -> tuple[int, int]:
    """The largest size of the log, and the bytes written, while three processes write and two readers poll."""
    log = Path(f"{path}-wal")
    largest = 0
    with open_store(path) as store:
        runs = [run.id for run in store.runs()]
        command = [sys.executable, "-c", WRITER, store.url]
        writers = [
            subprocess.Popen([*command, str(run), str(seconds)], stdout=subprocess.PIPE, text=True) for run in runs
        ]
        done = threading.Event()
        readers = [threading.Thread(target=poll, args=(path, runs, done)) for _ in range(2)]
        for reader in readers:
            reader.start()
        while any(writer.poll() is None for writer in writers):
            largest = max(largest, log.stat().st_size if log.exists() else 0)
            store.version()
            done.wait(0.01)
        done.set()
        for reader in readers:
            reader.join()
        steps = [int(writer.communicate()[0]) for writer in writers]
        assert [store.run(run).state for run in runs] == ["finished"] * len(runs)
    return largest, sum(steps) * 4 * 16


def poll(path: Path, runs: list[int], done: threading.Event) -> None:
    """Read as a window does, but a hundred times a second instead of ten."""
    with open_store(path) as store:
        cursors = dict.fromkeys(runs)
        while not done.is_set():
            for run in runs:
                _, cursors[run] = store.read(run, cursors[run])
            store.runs()
            done.wait(0.01)


@pytest.fixture
def path(tmp_path: Path, experiment: Experiment) -> Path:
    path = tmp_path / "runs.sqlite"
    with open_store(path) as store:
        for _ in range(3):
            store.create_run(experiment())
    return path


@pytest.mark.slow
def test_the_log_stays_small_with_three_writers_and_readers_that_poll(path: Path) -> None:
    largest, written = watch_log(path, 8)
    assert written > 2 * database.WAL_BYTES, "too little was written to tell anything"
    assert largest < 16 * 2**20
    with closing(sqlite.library().connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints that follow each other at once and hardly wait."""
    monkeypatch.setattr(database, "_CHECKPOINT_PAUSE", 0.0)
    monkeypatch.setattr(database, "_CHECKPOINT_WAIT_MS", 1)
    monkeypatch.setattr(database, "_LONG_WAIT", 0.02)


@contextmanager
def reading(path: Path) -> Iterator[Any]:
    """A connection in the middle of a transaction that has read something."""
    with closing(sqlite.library().connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM runs").fetchone()
        yield reader


def write_series(store: RunStore, tasks: str) -> None:
    """Write over a MiB for each task."""
    points = Points.of(np.arange(100_000), np.zeros(100_000))
    for task in tasks:
        store.append(1, {SeriesKey(task, "train", "loss"): points})


@pytest.mark.usefixtures("impatient")
def test_a_log_that_grew_while_a_reader_held_it_is_emptied_afterwards(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_LONG_PAUSE", 0.0)
    log = Path(f"{path}-wal")
    with open_store(path) as store, reading(path) as reader:
        write_series(store, "abcdef")
        assert log.stat().st_size > database.WAL_BYTES
        reader.execute("COMMIT")
        write_series(store, "g")
        assert log.stat().st_size <= database.WAL_BYTES


@pytest.mark.usefixtures("impatient")
def test_a_reader_that_stays_makes_a_writer_wait_once_and_not_at_every_write(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    empty_wal = database.Database._empty_wal

    def count(self: database.Database, seconds: float) -> bool:
        waits.append(seconds)
        return empty_wal(self, seconds)

    monkeypatch.setattr(database.Database, "_empty_wal", count)
    with open_store(path) as store, reading(path):
        write_series(store, "abcdefgh")
    assert waits.count(0.02) == 1
    assert waits[-1] == 0.02


if __name__ == "__main__":  # the long trial, by hand: python tests/store/test_wal.py FOLDER SECONDS
    from mtl_core.spec import load_preset

    place = Path(sys.argv[1]) / "runs.sqlite"
    with open_store(place) as made:
        for _ in range(3):
            made.create_run(load_preset("wine"))
    largest, written = watch_log(place, float(sys.argv[2]))
    print(f"largest log {largest / 2**20:.1f} MiB, of {written / 2**20:.0f} MiB of points")
