"""The Compare page on the store of a test module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.pages.compare import ComparePage
from app.plots import ticker
from app.session import Session
from app.settings import Settings
from mtl_core.store import RunStore


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path, store: RunStore) -> Iterator[Session]:
    made = Session(str(tmp_path / "runs.sqlite"), settings=Settings(tmp_path))
    yield made
    made.close()


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> Iterator[ComparePage]:
    made = ComparePage(session)
    qtbot.addWidget(made)
    made.resize(1188, 726)
    made.show()
    yield made
    made.hide()
    made.selection.choose(())
    qtbot.waitUntil(ticker().idle)
