"""Fixture of a session whose worker answers when the test lets it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.jobs import Worker
from app.pages.data import DataPage
from app.session import Session
from app.settings import Settings
from mtl_core.protocol.questions import Question
from mtl_core.spec import DatasetInfo, load_preset
from tests.app.pages.data.synthetic_sets import images


class PatientWorker(Worker):
    """Keeps what it is asked; ``answer`` and ``refuse`` reply to the latest ask of a kind."""

    def __init__(self) -> None:
        super().__init__()
        self.asks: list[tuple[str, dict[str, Any], Any, Any]] = []

    def start(self) -> None:
        pass

    def ask(self, question: Question[Any], done: Any = None, failed: Any = None, *, key: str = "") -> None:
        asked = question.model_dump()
        self.asks.append((asked["ask"], asked, done, failed))

    def asked(self, kind: str = "dataset") -> dict[str, Any]:
        return next(payload for one, payload, _, _ in reversed(self.asks) if one == kind)

    def answer(self, value: Any, kind: str = "dataset") -> None:
        next(done for one, _, done, _ in reversed(self.asks) if one == kind)(value)

    def refuse(self, error: Exception, kind: str = "dataset") -> None:
        next(failed for one, _, _, failed in reversed(self.asks) if one == kind)(error)


def describe(session: Session, info: DatasetInfo) -> None:
    """Describe the document's data set as a worker does that the session has asked."""
    session.dataset_descriptions.add(session.document.data["dataset"], info)
    session.datasetInfoChanged.emit()


@pytest.fixture
def worker(qtbot: QtBot) -> PatientWorker:
    return PatientWorker()


@pytest.fixture
def session(worker: PatientWorker, tmp_path: Path) -> Iterator[Session]:
    session = Session(worker=worker, settings=Settings(tmp_path))
    session.document.load_spec(load_preset("multidigits"))
    yield session
    session.close()


@pytest.fixture
def page(session: Session, qtbot: QtBot) -> DataPage:
    """The page after the worker has told of the images."""
    page = DataPage(session)
    qtbot.addWidget(page)
    page.resize(1180, 720)
    page.show()
    describe(session, images())
    return page
