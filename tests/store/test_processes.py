"""Several processes on one store: windows, the command line and runs.

Covers: mtl_core/store/rows/events.py.
"""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from mtl_core.protocol.events import WarningEvent
from mtl_core.spec import ExperimentSpec
from mtl_core.store import Cursor, RunRecord, RunStore, SeriesKey, open_store

Experiment = Callable[..., ExperimentSpec]

LOSS, RATE = SeriesKey("left", "train", "loss"), SeriesKey("", "train", "lr")

WRITER = """
import os, sys
from mtl_core.store import Points, Progress, SeriesKey, open_store, host_name
url, run, flushes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with open_store(url) as store:
    store.claim(run, pid=os.getpid(), host=host_name(), device="cpu", versions={})
    for flush in range(flushes):
        steps = range(flush * 10, flush * 10 + 10)
        points = Points.of(steps, [step * run for step in steps])
        store.append(run, {SeriesKey("left", "train", "loss"): points, SeriesKey("", "train", "lr"): points})
        store.record_heartbeat(run, Progress(step=flush * 10 + 10, steps=flushes * 10))
    store.merge(run)
    store.finish(run, "finished")
"""

CLAIMER = """
import os, sys
from mtl_core.store import open_store, host_name
with open_store(sys.argv[1]) as store:
    store.claim(int(sys.argv[2]), pid=os.getpid(), host=host_name(), device="cpu", versions={})
    print("claimed", flush=True)
    sys.stdin.read()
"""

OPENER = """
import sys
from mtl_core.store import open_store
print("ready", flush=True)
sys.stdin.readline()
with open_store(sys.argv[1]) as store:
    print(len(store.runs()), flush=True)
"""


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def follow(store: RunStore, runs: list[int]) -> dict[int, dict[SeriesKey, list[float]]]:
    """Every point of some runs, read while they are written."""
    seen = {run: {LOSS: [], RATE: []} for run in runs}
    cursors: dict[int, Cursor | None] = dict.fromkeys(runs)
    ended = False
    while not ended:
        ended = all(store.run(run).has_ended for run in runs)  # asked before the last look
        for run in runs:
            new, cursors[run] = store.read(run, cursors[run])
            assert not cursors[run].reset
            for key, points in new.items():
                seen[run][key] += points.values.tolist()
    return seen


@pytest.mark.slow
def test_every_point_of_two_writing_processes_is_read_once(store: RunStore, url: str, experiment: Experiment) -> None:
    runs = [store.create_run(experiment()) for _ in range(2)]
    writers = [start(WRITER, store.url, run, 150) for run in runs]
    seen = follow(store, runs)
    assert [writer.communicate()[0] for writer in writers] == ["", ""]
    assert [writer.returncode for writer in writers] == [0, 0]
    for run in runs:
        for key in (LOSS, RATE):
            assert_array_equal(seen[run][key], np.arange(1500) * run)
        assert store.run(run).progress.step == 1500


@pytest.mark.slow
def test_processes_that_open_a_new_store_at_once_all_get_it(url: str) -> None:
    openers = [start(OPENER, url) for _ in range(4)]
    assert [opener.stdout.readline() for opener in openers] == ["ready\n"] * 4
    for opener in openers:
        opener.stdin.write("\n")
        opener.stdin.flush()
    assert [opener.communicate()[0] for opener in openers] == ["0\n"] * 4


def test_threads_that_open_a_new_store_at_once_all_get_it(url: str) -> None:
    def look(_: int) -> list[RunRecord]:
        with open_store(url) as store:
            return store.runs()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(look, range(8))) == [[]] * 8


def test_a_killed_process_leaves_its_run_to_the_next(store: RunStore, run: int) -> None:
    process = start(CLAIMER, store.url, run)
    assert process.stdout.readline() == "claimed\n"
    assert store.reap() == []
    process.kill()
    process.communicate()
    assert store.reap() == [run]
    assert store.run(run).state == "interrupted"


def test_one_store_serves_many_threads(store: RunStore, run: int) -> None:
    def edit(number: int) -> str:
        store.edit(run, notes=str(number))
        store.add_event(run, WarningEvent(step=number, message=str(number)))
        return store.run(run).notes

    with ThreadPoolExecutor(8) as pool:
        notes = list(pool.map(edit, range(40)))
    assert set(notes) <= set(map(str, range(40)))
    assert sorted(event.step for event in store.events(run)) == list(range(40))


def test_the_version_tells_of_another_store_objects_writes(store: RunStore, url: str, run: int) -> None:
    before = store.version()
    with open_store(url) as other:
        other.edit(run, starred=True)
    assert store.version() != before
