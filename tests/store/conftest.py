"""Fixtures of a store: a file in a temporary folder, or the database that ``MTL_TEST_STORE`` names."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mtl_core.spec import ExperimentSpec, spec_from_data
from mtl_core.store import RunStore, open_store

Experiment = Callable[..., ExperimentSpec]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTL_WORKBENCH_HOME", str(tmp_path / "home"))


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of an empty database."""
    stated = os.environ.get("MTL_TEST_STORE")
    return _emptied(stated) if stated else f"sqlite:///{tmp_path / 'runs.sqlite'}"


@pytest.fixture
def store(url: str) -> Iterator[RunStore]:
    """A new store."""
    with open_store(url) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where an SQLite file may be made."""
    return tmp_path / "file" / "runs.sqlite"


@pytest.fixture
def experiment() -> Experiment:
    """Makes a small experiment with some of its parts changed."""
    tasks = [{"name": name, "kind": "multiclass", "target": name} for name in ("left", "right")]

    def make(**changes: Any) -> ExperimentSpec:
        return spec_from_data({"version": 1, "name": "two digits", "tasks": tasks, **changes})

    return make


@pytest.fixture
def run(store: RunStore, experiment: Experiment) -> int:
    """A queued run in the store."""
    return store.create_run(experiment())


def _emptied(url: str) -> str:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        found = sa.MetaData()
        found.reflect(connection)
        found.drop_all(connection)
    engine.dispose()
    return url
