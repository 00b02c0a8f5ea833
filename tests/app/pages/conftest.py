"""Fixture of a session over the store of a test module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.session import Session
from app.settings import Settings
from mtl_core.store import RunStore


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path, store: RunStore) -> Iterator[Session]:
    made = Session(str(tmp_path / "runs.sqlite"), settings=Settings(tmp_path))
    yield made
    made.close()
