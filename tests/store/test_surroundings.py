"""Read-only media, full disks, deleted files and file permissions."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mtl_core.errors import EnvironmentFault, InputError, StoreError
from mtl_core.spec import ExperimentSpec
from mtl_core.store import Points, Progress, SeriesKey, host_name, open_store

Experiment = Callable[..., ExperimentSpec]

LOSS = SeriesKey("left", "train", "loss")
DATA = Path(__file__).with_name("data")


@pytest.fixture
def made(file: Path, experiment: Experiment) -> Path:
    """A closed store with a run that has points."""
    return make(file, experiment)


def make(path: Path, experiment: Experiment) -> Path:
    with open_store(path) as store:
        run = store.create_run(experiment())
        store.append(run, {LOSS: Points.of([1, 2], [2.0, 1.0])})
    return path


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this process may not mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def medium(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder that :func:`protect` makes read-only: for root, to whom permissions mean nothing, a disk."""
    if os.geteuid() == 0:
        yield request.getfixturevalue("disk")
        return
    folder = tmp_path / "medium"
    folder.mkdir()
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)


def protect(folder: Path) -> None:
    if os.geteuid() == 0:
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        return
    for path in (*folder.rglob("*"), folder):
        path.chmod(path.stat().st_mode & ~0o222)


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def test_a_store_on_a_read_only_medium_is_read(medium: Path, experiment: Experiment) -> None:
    made = make(medium / "runs.sqlite", experiment)
    before = snapshot(medium)
    protect(medium)
    with pytest.raises(EnvironmentFault, match="cannot be written to"):
        open_store(made)
    with open_store(made, create=False, allow_read_only=True) as store:
        assert [record.id for record in store.runs()] == [1]
        assert store.read(1)[0][LOSS].values.tolist() == [2.0, 1.0]
        assert store.summaries([1])[0].last == 1.0
        assert store.artifacts(1) == []
        assert store.artifacts_dir(1) == made.parent / "artifacts" / "1"
        assert store.events(1) == []
        with pytest.raises(EnvironmentFault):
            store.edit(1, starred=True)
    assert snapshot(made.parent) == before


def test_runs_whose_process_died_are_listed_from_a_read_only_medium(medium: Path, experiment: Experiment) -> None:
    made = make(medium / "runs.sqlite", experiment)
    with open_store(made) as store:
        store.claim(1, pid=2**22 + 1, host=host_name(), device="cpu", versions={})
    protect(medium)
    with open_store(made, create=False, allow_read_only=True) as store:
        assert store.reap() == []
        assert store.run(1).state == "running"


def test_an_older_schema_that_cannot_be_upgraded_says_so(medium: Path) -> None:
    path = Path(shutil.copy(DATA / "schema_1.sqlite", medium / "runs.sqlite"))
    protect(medium)
    with pytest.raises(StoreError, match=r"must be upgraded to schema .* found schema 0001"):
        open_store(path, create=False, allow_read_only=True)


def test_a_log_that_was_not_written_back_is_not_passed_over(medium: Path, experiment: Experiment) -> None:
    made = make(medium / "runs.sqlite", experiment)
    Path(f"{made}-wal").write_bytes(b"x" * 100)
    protect(medium)
    with pytest.raises(StoreError, match="what was written last is in a log beside it"):
        open_store(made, create=False, allow_read_only=True)


def test_a_store_that_is_not_there_is_not_made_to_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such store"):
        open_store(tmp_path / "none.sqlite", create=False, allow_read_only=True)
    assert list(tmp_path.iterdir()) == []


FULL = """
import os, sys
from pathlib import Path
from mtl_core.store import open_store
with open_store(sys.argv[1], create=False, allow_read_only=True) as store:
    store.reap()
    print(len(store.runs()), len(store.summaries()), store.artifacts_dir(1).name)
"""


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


def test_a_store_on_a_disk_is_read(disk: Path, experiment: Experiment) -> None:
    path = disk / "runs.sqlite"
    with open_store(path) as store:
        run = store.create_run(experiment())
        store.append(run, {LOSS: Points.of([1], [2.0])})
        store.claim(run, pid=2**22 + 1, host=host_name(), device="cpu", versions={})
    fill(disk)
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("1 1 1\n", 0), done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a file in use cannot be deleted there")
@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_a_store_whose_file_is_gone_refuses_to_write(made: Path, tmp_path: Path, replaced: bool) -> None:
    copy = Path(shutil.copy(made, tmp_path / "copy.sqlite"))
    with open_store(made) as store:
        store.record_heartbeat(1, Progress(1, 2, 1, 2))
        made.unlink()
        if replaced:
            copy.rename(made)
        for write in (
            lambda: store.record_heartbeat(1, Progress(1, 2, 2, 2)),
            lambda: store.append(1, {LOSS: Points.of([3], [0.5])}),
            lambda: store.finish(1, "finished"),
        ):
            with pytest.raises(StoreError, match="was deleted or replaced while it was in use"):
                write()


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are others there")
def test_what_a_store_writes_is_its_owners_alone(file: Path, experiment: Experiment) -> None:
    old = os.umask(0)
    try:
        with open_store(file) as store:
            folder = store.artifacts_dir(store.create_run(experiment()))
            store.append(1, {LOSS: Points.of(np.arange(10), np.arange(10.0))})
            paths = [file.parent, *file.parent.rglob("*")]
            assert Path(f"{file}-wal") in paths
            assert folder in paths
            modes = {path: stat.S_IMODE(path.stat().st_mode) for path in paths}
    finally:
        os.umask(old)
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are others there")
def test_artifacts_follow_the_permissions_that_a_person_gave_the_store(made: Path, experiment: Experiment) -> None:
    made.chmod(0o640)
    old = os.umask(0)
    try:
        with open_store(made) as store:
            folder = store.artifacts_dir(store.create_run(experiment()))
            assert stat.S_IMODE(Path(f"{made}-wal").stat().st_mode) == 0o640
    finally:
        os.umask(old)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
