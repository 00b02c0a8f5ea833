"""Fixture of the Compare page over a synthetic store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.pages.compare import ComparePage
from app.plots import ticker
from app.session import Session
from mtl_core.store import RunStore
from tests.app.synthetic import synthetic_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with synthetic_store(tmp_path / "runs.sqlite") as opened:
        yield opened


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> Iterator[ComparePage]:
    made = ComparePage(session)
    qtbot.addWidget(made)
    made.resize(1188, 726)
    made.show()
    yield made
    made.hide()
    made.selection.set_runs(())
    qtbot.waitUntil(ticker().is_idle)
