"""Bad surroundings that need a process of their own: a full disk, a read-only folder, exit statuses."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mtl_core.store import open_store
from tests.bad_input.place import Place
from tests.bad_input.test_command_line import assert_clear

_TRAIN = [sys.executable, "-m", "mtl_core", "train"]


def _mounts() -> bool:
    """Whether a process may have mounts of its own."""
    tool = shutil.which("unshare")
    return tool is not None and subprocess.run([tool, "-rm", "true"], capture_output=True, check=False).returncode == 0


needs_mounts = pytest.mark.skipif(not _mounts(), reason="needs unshare(1) and user namespaces")


def _after(mount: str, words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run words in a world where ``mount`` was done before."""
    script = f'{mount} && exec "$@"'
    command = ["unshare", "-rm", "sh", "-ec", script, "sh", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=_environment())


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.mark.slow
@needs_mounts
def test_a_disk_that_fills_while_training_ends_the_run_with_one_line(place: Place) -> None:
    endless = {"training.epochs": 100_000, "training.checkpoint_seconds": 0.0, "model.shared[0].out_features": 2000}
    spec = place.write_spec(endless)
    disk, kept = place.folder / "disk", place.folder / "kept"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=1500k tmpfs {disk}"
    train = [*_TRAIN, str(spec), "--store", str(disk / "runs.sqlite")]
    keep = f'status=0; "$@" || status=$?; cp -r {disk} {kept}; exit $status'  # the disk goes with the process
    done = _after(mount, ["sh", "-c", keep, "sh", *train])
    assert_clear(done.stderr, ("run 1", "last.safetensors", "cannot be saved", "no space left on device", "resume"))
    assert (done.returncode, done.stdout) == (3, "")
    _assert_ended_whole(kept)


def _assert_ended_whole(folder: Path) -> None:
    """The run says why it failed, and its last good checkpoint is whole."""
    from mtl_core.training.persistence.checkpoints import Checkpoint

    with open_store(folder / "runs.sqlite") as store:
        record = store.run(1)
        assert record.state == "failed"
        assert "no space left on device" in record.error
        last = folder / "artifacts" / "1" / "last.safetensors"
        assert Checkpoint.load(last).values["step"] > 0
        assert sorted(path.name for path in last.parent.iterdir()) == ["best.safetensors", "last.safetensors"]


@pytest.mark.slow
@needs_mounts
def test_a_store_on_a_disk_that_is_read_only_is_left_alone(place: Place) -> None:
    place.with_runs()
    before = place.digest()
    mount = f"mount --bind {place.folder} {place.folder} && mount -o remount,bind,ro {place.folder}"
    done = _after(mount, [*_TRAIN, str(place.spec), "--store", str(place.store)])
    assert_clear(done.stderr, ("runs.sqlite", "cannot be written to"))
    assert (done.returncode, done.stdout) == (3, "")
    assert place.digest() == before


@pytest.mark.slow
def test_the_exit_status_of_the_process_is_two(place: Place) -> None:
    words = [*_TRAIN, str(place.write_spec({"training.epochs": 0})), "--store", str(place.store), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, env=_environment())
    assert_clear(done.stderr, ("spec.yaml", "training.epochs", "at least 1"))
    assert (done.returncode, done.stdout) == (2, "")
    assert not place.store.exists()
