"""One SQLite library everywhere, and no WAL where that library could lose data in it."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mtl_core.spec import ExperimentSpec
from mtl_core.store import host_name, open_store, sqlite

Experiment = Callable[..., ExperimentSpec]


@pytest.fixture
def old_sqlite(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A library that has the bug."""
    monkeypatch.setattr(sqlite, "has_safe_wal", lambda: False)
    sqlite.log_wal_warning.cache_clear()
    yield
    sqlite.log_wal_warning.cache_clear()


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_releases_with_the_wal_reset_bug_are_known(version: tuple[int, ...], safe: bool) -> None:
    assert sqlite.has_safe_wal(version) is safe


def test_a_process_loads_one_sqlite_library(tmp_path: Path) -> None:
    pytest.importorskip("pysqlite3")
    program = (
        "import sys; from mtl_core.store import open_store\n"
        f"open_store({str(tmp_path / 'runs.sqlite')!r}).close()\n"
        "print(*sorted({'_sqlite3', 'pysqlite3._sqlite3'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["pysqlite3._sqlite3"]


def test_the_library_stands_in_the_record_of_a_run(tmp_path: Path, experiment: Experiment) -> None:
    with open_store(tmp_path / "runs.sqlite") as store:
        run = store.create_run(experiment())
        store.claim(run, pid=1, host=host_name(), device="cpu", versions={"torch": "2.13"})
        versions = store.run(run).versions
    assert versions == {"torch": "2.13", "sqlite": sqlite.describe_version()}
    assert sqlite.library().sqlite_version in sqlite.describe_version()


@pytest.mark.usefixtures("old_sqlite")
def test_an_old_library_makes_stores_without_wal_and_says_so_once(
    tmp_path: Path, experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for name in ("one.sqlite", "two.sqlite"):
            with open_store(tmp_path / name) as store:
                store.create_run(experiment())
                assert not (tmp_path / f"{name}-wal").exists()
    assert [record.message for record in caplog.records] == [sqlite.wal_warning()]
    with closing(sqlite.library().connect(tmp_path / "one.sqlite")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_recent_library_warns_of_nothing() -> None:
    if sqlite.has_safe_wal():
        assert sqlite.wal_warning() == ""
