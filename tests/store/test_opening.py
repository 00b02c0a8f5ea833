"""A file or URL that is no store is refused with one error and left unchanged."""

import hashlib
import os
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from mtl_core.errors import EnvironmentFault, InputError, StoreError, WorkbenchError
from mtl_core.spec import ExperimentSpec
from mtl_core.store import Points, SeriesKey, database, home, open_store, sqlite

Experiment = Callable[..., ExperimentSpec]

LOSS = SeriesKey("left", "train", "loss")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refused(path: Path, match: str, kind: type[WorkbenchError] = InputError) -> None:
    """Opening the file is refused, in one line that names it, and does not change it."""
    before = digest(path), sorted(path.parent.iterdir())
    with pytest.raises(kind, match=match) as caught:
        open_store(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (digest(path), sorted(path.parent.iterdir())) == before


@pytest.fixture
def made(file: Path, experiment: Experiment) -> Path:
    """A store with one run in it, closed."""
    with open_store(file) as store:
        store.create_run(experiment())
    return file


def test_the_default_store_is_at_home(experiment: Experiment) -> None:
    with open_store() as store:
        store.create_run(experiment())
        assert (home() / "runs.sqlite").is_file()
        assert store.name == str(home() / "runs.sqlite")


def test_home_is_the_users_data_folder_unless_stated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert home() == tmp_path / "home"
    monkeypatch.delenv("MTL_WORKBENCH_HOME")
    assert home().name == "mtl-workbench"


def test_path_and_url_name_the_same_store(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made.parent)
    for place in (made, str(made), "runs.sqlite", "sqlite:///runs.sqlite", f"sqlite:///{made}"):
        with open_store(place) as store:
            assert store.url == f"sqlite:///{made}"
            assert len(store.runs()) == 1


def test_a_store_lives_in_wal_and_keeps_nothing_open(made: Path) -> None:
    with closing(sqlite.library().connect(made)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert sorted(p.name for p in made.parent.iterdir()) == ["artifacts", "runs.sqlite"]


def test_an_empty_file_becomes_a_store(file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    with open_store(file) as store:
        assert store.runs() == []


def test_a_store_that_is_not_there_is_made_only_when_wanted(file: Path) -> None:
    with pytest.raises(InputError, match="there is no such store"):
        open_store(file, create=False)
    assert not file.parent.exists()


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a file; found a directory"):
        open_store(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="cannot be opened"):
        open_store(tmp_path / "file" / "runs.sqlite")


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="must be a plain file"):
        open_store(tmp_path / "pipe")


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"SQLite format 2\0" + bytes(100), "한글".encode("cp949"), b"\0"])
def test_what_is_not_sqlite_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    refused(path, "must be an SQLite database")


def test_a_damaged_store_is_refused(made: Path) -> None:
    made.write_bytes(made.read_bytes()[:16] + os.urandom(4000))
    refused(made, "must be an SQLite database|damaged", WorkbenchError)


@pytest.mark.parametrize("table", ["notes", "alembic_version", "runs"])
def test_the_database_of_another_program_is_refused(tmp_path: Path, table: str) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite.library().connect(path)) as connection:
        connection.execute(f"CREATE TABLE {table} (version_num TEXT)")
    refused(path, "not a store of MTL Workbench")


def test_a_store_of_a_newer_version_is_refused(made: Path) -> None:
    with closing(sqlite.library().connect(made)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    refused(made, "newer version.*found schema 9999", StoreError)


@pytest.mark.parametrize("read_only", ["file", "folder"])
def test_a_store_that_may_not_be_written_to_is_refused(
    made: Path, monkeypatch: pytest.MonkeyPatch, read_only: str
) -> None:
    forbidden = made if read_only == "file" else made.parent
    allowed = os.access  # as root everything is allowed, so the answer is staged
    monkeypatch.setattr(os, "access", lambda path, mode: path != forbidden and allowed(path, mode))
    refused(made, "cannot be written to.*read-only", EnvironmentFault)


def test_a_store_that_becomes_read_only_says_so(
    made: Path, monkeypatch: pytest.MonkeyPatch, experiment: Experiment
) -> None:
    monkeypatch.setattr(database, "_PRAGMAS", (*database._PRAGMAS, "PRAGMA query_only=ON"))
    with open_store(made) as store, pytest.raises(EnvironmentFault, match="cannot be written to"):
        store.create_run(experiment())


def test_a_full_disk_is_told_when_opening(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_PRAGMAS", (*database._PRAGMAS, "PRAGMA max_page_count=4"))
    with pytest.raises(EnvironmentFault, match="the disk is full"):
        open_store(file)


def test_a_full_disk_is_told_when_appending_and_nothing_is_half_written(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = made.stat().st_size // 4096
    monkeypatch.setattr(database, "_PRAGMAS", (*database._PRAGMAS, f"PRAGMA max_page_count={pages + 4}"))
    with open_store(made) as store:
        store.append(1, {LOSS: Points.of([1], [2.0])})
        _, cursor = store.read(1)
        with pytest.raises(EnvironmentFault, match="the disk is full"):
            store.append(
                1, {LOSS: Points.of(np.arange(9999), np.zeros(9999)), LOSS._replace(split="val"): Points.of([1], [1])}
            )
        assert store.read(1, cursor)[0] == {}
        assert [s.count for s in store.summaries([1])] == [1]
        store.append(1, {LOSS: Points.of([2], [1.0])})


def test_a_store_that_another_program_keeps_locked_says_so(
    made: Path, monkeypatch: pytest.MonkeyPatch, experiment: Experiment
) -> None:
    monkeypatch.setattr(database, "_PRAGMAS", (*database._PRAGMAS, "PRAGMA busy_timeout=1"))
    with open_store(made) as store, closing(sqlite.library().connect(made, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert len(store.runs()) == 1
        with pytest.raises(StoreError, match="keeps the store locked"):
            store.create_run(experiment())


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"])
def test_a_store_in_memory_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="must be a plain file"):
        open_store(url)


@pytest.mark.parametrize("url", ["nonsense://x", "://", "postgresql://host:port/x", "", " "])
def test_a_url_that_cannot_be_read_is_told(url: str) -> None:
    with pytest.raises(WorkbenchError):
        open_store(url)


def test_a_server_that_does_not_answer_is_told_without_the_password() -> None:
    pytest.importorskip("psycopg")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"postgresql://me:secret@127.0.0.1:{unused.getsockname()[1]}/runs"
        with pytest.raises(StoreError, match="does not answer") as caught:
            open_store(url)
    assert "secret" not in str(caught.value)


def test_a_value_too_large_for_the_database_is_told(made: Path) -> None:
    with open_store(made) as store, pytest.raises(InputError, match="more than the database can hold"):
        store.run(10**30)


def test_opening_a_store_twice_keeps_the_locks_of_the_first(tmp_path: Path) -> None:
    """To open and close a database file by hand drops the process's locks on it, which corrupts its log."""
    path = tmp_path / "runs.sqlite"
    with open_store(path) as first:
        first.runs()
        held = _locks(path)
        with open_store(path):
            pass
        assert _locks(path) >= held


def _locks(path: Path) -> int:
    """How many locks the system knows on a file."""
    locks = Path("/proc/locks")
    if not locks.exists():
        pytest.skip("this system does not tell of locks")
    number = f":{path.stat().st_ino} "
    return sum(number in line for line in locks.read_text().splitlines())
