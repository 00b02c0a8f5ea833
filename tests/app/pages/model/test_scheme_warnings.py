"""Warnings below the sharing scheme, and the list of runs whose trained trunk takes their place."""

from typing import Any, cast

import pytest
from PySide6.QtWidgets import QAbstractItemView
from pytestqt.qtbot import QtBot

from app.document import Document
from app.jobs import StoreService
from app.pages.model.scheme_warnings import SchemeWarnings
from app.session import Session
from mtl_core.spec import spec_to_data
from mtl_core.store import open_store
from tests.app.synthetic import add_run, experiment

BLOCKS: dict[str, Any] = {"shared": [{"kind": "patch_embedding"}, {"kind": "transformer_block"}]}


class FakeSession:
    def __init__(self, store: StoreService) -> None:
        self.store, self.document = store, Document()
        self.document.load_spec(experiment())
        self.said: list[str] = []

    def show_message(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def session(store: StoreService) -> FakeSession:
    with open_store() as opened:
        add_run(opened, experiment(model=BLOCKS), epochs=1)
    return FakeSession(store)


def test_prompts_without_attention_on_a_new_trunk_are_answered_by_a_run(qtbot: QtBot, session: FakeSession) -> None:
    warnings = SchemeWarnings(cast(Session, session))
    qtbot.addWidget(warnings)
    assert warnings.isHidden()
    document = session.document
    document.set("model.sharing", {"kind": "prompts"})
    assert "No shared layer has attention" in warnings.text.text()
    assert "new, random weights" in warnings.text.text()
    warnings.show()
    warnings.begin.click()
    runs = warnings.findChild(QAbstractItemView, "begin-run-chooser-list")
    assert runs is not None
    qtbot.waitUntil(lambda: runs.model().rowCount() > 0)
    runs.clicked.emit(runs.model().index(0, 0))
    qtbot.waitUntil(warnings.isHidden)
    assert document.get("training.start_from") == {"kind": "from_run", "run": 1}
    assert document.get("model.shared") == spec_to_data(experiment(model=BLOCKS))["model"]["shared"]
    assert session.said == ["The shared layers are those of run 1, with the weights that it has trained."]
    document.undo_stack.undo()
    assert not warnings.isHidden()
