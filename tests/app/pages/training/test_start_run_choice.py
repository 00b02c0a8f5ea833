"""The run with whose shared layers an experiment begins: its name, a list of others, and the layers it has.

Covers: app/tables/initial_run.py.
"""

from typing import Any, cast

import pytest
from PySide6.QtWidgets import QAbstractItemView
from pytestqt.qtbot import QtBot

from app.document import Document
from app.jobs import StoreService
from app.pages.training.start_run_choice import StartRunChoice
from app.session import Session
from mtl_core.store import open_store
from tests.app.synthetic import add_run, experiment

OTHER: dict[str, Any] = {"shared": [{"kind": "flatten"}, {"kind": "linear", "out_features": 16}]}


class FakeSession:
    def __init__(self, store: StoreService) -> None:
        self.store, self.document = store, Document()
        self.document.load_spec(experiment())


@pytest.fixture
def session(store: StoreService) -> FakeSession:
    with open_store() as opened:
        add_run(opened, experiment(name="alike"), epochs=1)
        add_run(opened, experiment(name="other", model=OTHER), epochs=1)
    return FakeSession(store)


@pytest.fixture
def choice(qtbot: QtBot, session: FakeSession) -> StartRunChoice:
    made = StartRunChoice(cast(Session, session))
    qtbot.addWidget(made)
    return made


def begin(session: FakeSession, run: int) -> None:
    session.document.set("training.start_from", {"kind": "from_run", "run": run})


def test_the_run_is_shown_by_its_name_and_chosen_from_a_list(
    qtbot: QtBot, choice: StartRunChoice, session: FakeSession
) -> None:
    assert choice.isHidden()
    begin(session, 1)
    qtbot.waitUntil(lambda: choice.button.text() == "Run 1 · alike")
    assert choice.take.isHidden()
    choice.show()
    choice.button.click()
    runs = choice.findChild(QAbstractItemView, "start-run-chooser-list")
    assert runs is not None
    qtbot.waitUntil(lambda: runs.model().rowCount() == 2)
    runs.clicked.emit(runs.model().index(0, 0))
    qtbot.waitUntil(lambda: choice.button.text() == "Run 2 · other")
    assert session.document.get("training.start_from.run") == 2


def test_layers_that_differ_are_told_and_taken_over(qtbot: QtBot, choice: StartRunChoice, session: FakeSession) -> None:
    begin(session, 2)
    qtbot.waitUntil(lambda: not choice.take.isHidden())
    assert "Run 2 has other shared layers" in choice.others.text()
    choice.take.click()
    assert [layer["kind"] for layer in session.document.get("model.shared")] == ["flatten", "linear"]
    assert choice.take.isHidden()
    session.document.undo_stack.undo()
    assert not choice.take.isHidden()


def test_a_run_that_does_not_exist_is_told(qtbot: QtBot, choice: StartRunChoice, session: FakeSession) -> None:
    begin(session, 9)
    qtbot.waitUntil(lambda: "9" in choice.error.label.text())
    begin(session, 1)
    qtbot.waitUntil(lambda: not choice.error.label.text())
