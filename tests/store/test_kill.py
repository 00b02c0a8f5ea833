"""Killing the process of a run."""

import subprocess
import sys
from pathlib import Path

import pytest

from mtl_core.spec import InputError, load_preset
from mtl_core.store import open_store

_TRAIN = """
import os, sys, time
from mtl_core.store import open_store, host_name
with open_store(sys.argv[1]) as store:
    store.claim(int(sys.argv[2]), pid=os.getpid(), host=host_name(), device="CPU", versions={})
    print("claimed", flush=True)
    time.sleep(600)
"""


def test_a_killed_run_is_interrupted_and_its_process_gone(tmp_path: Path) -> None:
    with open_store(tmp_path / "runs.sqlite") as store:
        run = store.create_run(load_preset("wine"))
        command = [sys.executable, "-c", _TRAIN, store.url, str(run)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "claimed\n"
            store.kill(run)
            assert process.wait(10) != 0
        assert store.run(run).state == "interrupted"


def test_a_run_that_nobody_trains_cannot_be_killed(tmp_path: Path) -> None:
    with open_store(tmp_path / "runs.sqlite") as store:
        run = store.create_run(load_preset("wine"))
        with pytest.raises(InputError, match="is not being trained"):
            store.kill(run)
        assert store.run(run).state == "queued"


def test_a_run_on_another_machine_is_left_to_it(tmp_path: Path) -> None:
    with open_store(tmp_path / "runs.sqlite") as store:
        run = store.create_run(load_preset("wine"))
        store.claim(run, pid=1, host="elsewhere", device="CPU", versions={})
        with pytest.raises(InputError, match="another machine"):
            store.kill(run)
        assert store.run(run).state == "running"
