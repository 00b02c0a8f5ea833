"""The card that starts a study of folds, where the split has folds."""

from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QObject, Qt
from pytestqt.qtbot import QtBot

from app.document import Document
from app.pages.training.start_study_card import StartStudyCard
from app.pages.training.study_seeds import fold_study_text
from app.session import Session
from app.settings import Settings
from mtl_core.spec import load_preset


class FakeSession(QObject):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.document = Document(self)
        self.document.load_spec(load_preset("houses"))
        self.settings = Settings(folder)
        self.fold_studies: list[bool] = []

    def request_fold_study(self, *, baselines: bool) -> None:
        self.fold_studies.append(baselines)


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> FakeSession:
    return FakeSession(tmp_path)


def test_folds_are_offered_where_the_split_has_them(session: FakeSession, qtbot: QtBot) -> None:
    card = StartStudyCard(cast(Session, session))
    qtbot.addWidget(card)
    card.show()
    assert not card.folds.isVisible()
    session.document.set("dataset.split", {"kind": "kfold", "folds": 4})
    card.seeds.setText("no seed")
    qtbot.mouseClick(card.folds, Qt.MouseButton.LeftButton)
    assert card.summary.text() == fold_study_text(4, 2)
    assert "4 folds × (all tasks + each of 2 alone) = 12 runs" in card.summary.text()
    assert not card.seeds.isEnabled()
    qtbot.mouseClick(card.alone, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(card.both, Qt.MouseButton.LeftButton)
    assert session.fold_studies == [False, True]
    session.document.set("dataset.split", {"kind": "random"})
    assert card.alone.text() == "Run seeds"
    assert not card.alone.isEnabled()
