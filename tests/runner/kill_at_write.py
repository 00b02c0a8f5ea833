"""Kills a short run at its n-th write to a file, for n = 1, 2, … until it finishes, and resumes it each time.

Run with the compiled ``kill_at_write.c`` preloaded (:func:`command` makes it so); prints one line of JSON. The whole
loop by hand: ``python -m tests.runner.kill_at_write FOLDER``.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np

from tests import fork_server

_SOURCE = Path(__file__).with_suffix(".c")
_SPEC: dict[str, Any] = {
    "version": 1,
    "name": "iris",
    "dataset": {"kind": "bundled", "name": "iris"},
    "tasks": [
        {"name": "species", "kind": "multiclass", "target": "species"},
        {"name": "width", "kind": "regression", "target": "petal width"},
    ],
    "model": {"shared": [{"kind": "linear", "out_features": 8}, {"kind": "relu"}, {"kind": "dropout", "p": 0.2}]},
    "weighting": {"kind": "uncertainty"},
    "training": {"epochs": 3, "batch_size": 32, "device": "cpu", "checkpoint_seconds": 0.0},
}


def command(folder: Path, every: int = 1) -> tuple[list[str], dict[str, str]]:
    """The command and the environment that run the loop in ``folder``, at every so many writes."""
    library = folder / "kill_at_write.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(_SOURCE), "-ldl"], check=True)
    environment = os.environ | {"LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1"}
    return [sys.executable, "-m", "tests.runner.kill_at_write", str(folder), str(every), str(library)], environment


def main(folder: Path, every: int, library: str) -> dict[str, Any]:
    """Kill and resume; how many writes the run has, and what went wrong after which."""
    fork_server.prepare(fork_server.ENGINE)
    shim = ctypes.CDLL(library)
    shim.writes.restype = ctypes.c_long
    template = folder / "template"
    _in_child(lambda: _create(template))
    reference = _copy(template, folder / "reference")
    _in_child(lambda: _train(reference))
    problems: dict[int, str] = {}
    killed = n = 0
    while True:
        n += every
        place = _copy(template, folder / "trial")
        status = _in_child(lambda n=n, place=place: _train(place, shim, n), check=False)
        if not os.WIFSIGNALED(status):
            writes = int((place.parent / "writes").read_text())
            break
        killed += 1
        if problem := _problem(place, reference):
            problems[n] = problem
    return {"writes": writes, "killed": killed, "problems": problems}


def _create(place: Path) -> None:
    from mtl_core.spec import spec_from_data
    from mtl_core.store import open_store

    with open_store(place / "runs.sqlite") as store:
        store.create_run(spec_from_data(_SPEC))


def _copy(template: Path, place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(template, place / "store")
    return place / "store"


def _train(place: Path, shim: ctypes.CDLL | None = None, n: int = 0) -> None:
    """Train or resume the run, unless it has finished; dies at its n-th write."""
    from mtl_core.runner.execution import execute
    from mtl_core.store import open_store

    if shim is not None:
        shim.kill_at(ctypes.c_long(n), str(place.resolve()).encode())
    with open_store(place / "runs.sqlite") as store:
        store.reap()
        if not store.run(1).has_ended or store.run(1).state != "finished":
            ending = execute(store, 1)
            assert ending.state == "finished", ending
    if shim is not None:
        (place.parent / "writes").write_text(str(shim.writes()))


def _problem(place: Path, reference: Path) -> str:
    """What is wrong after a kill: the store is not sound, the run does not resume, or its series differ."""
    out = place.parent / "problem"

    def check() -> None:
        try:
            _check_sound(place)
            _train(place)
            _check_sound(place)
            _compare(place, reference)
        except BaseException:
            out.write_text(traceback.format_exc())
            raise

    status = _in_child(check, check=False)
    return "" if status == 0 else out.read_text() if out.exists() else f"the resumed process ended with {status}"


def _check_sound(place: Path) -> None:
    from mtl_core.store import sqlite

    with closing(sqlite.library().connect(place / "runs.sqlite")) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchall()
        assert found == [("ok",)], found
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def _compare(place: Path, reference: Path) -> None:
    from mtl_core.protocol.series_names import RESOURCE_SERIES
    from mtl_core.store import open_store

    with open_store(place / "runs.sqlite") as ours, open_store(reference / "runs.sqlite") as theirs:
        found, wanted = (
            {key: points for key, points in store.read(1)[0].items() if key.metric not in RESOURCE_SERIES}
            for store in (ours, theirs)
        )
        assert list(found) == list(wanted), "series in the same order"
        for key, points in wanted.items():
            assert np.array_equal(found[key].steps, points.steps), key
            assert np.array_equal(found[key].values, points.values, equal_nan=True), key
        bests, wanted_bests = (
            [s.best for s in store.summaries([1]) if s.metric not in RESOURCE_SERIES] for store in (ours, theirs)
        )
        assert np.array_equal(bests, wanted_bests, equal_nan=True)
        assert ours.run(1).state == "finished"
        partial = [path for path in ours.artifacts_dir(1).iterdir() if path.suffix != ".safetensors"]
    assert len(partial) <= 1, partial  # what the killed process was writing


def _in_child(act: Callable[[], None], *, check: bool = True) -> int:
    """Do something in a fork of this process; its wait status."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            act()
            code = 0
        except BaseException:
            if check:
                traceback.print_exc()
        finally:
            with suppress(BaseException):
                sys.stdout.flush()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert not check or status == 0, f"the child ended with {status}"
    return status


if __name__ == "__main__":
    place = Path(sys.argv[1]).resolve()
    if len(sys.argv) == 4:
        print(json.dumps(main(place, int(sys.argv[2]), sys.argv[3])))
    else:
        place.mkdir(parents=True, exist_ok=True)
        arguments, environment = command(place, int(sys.argv[2]) if len(sys.argv) == 3 else 1)
        raise SystemExit(subprocess.run(arguments, env=environment, check=False).returncode)
