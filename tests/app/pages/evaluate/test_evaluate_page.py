"""The Evaluate page with a real worker: cards of each task, threshold, groups, errors."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.pages.evaluate import EvaluatePage
from app.session import Session
from mtl_core.protocol.questions import TrainQuestion
from mtl_core.spec import load_preset, spec_from_data
from mtl_core.store import RunStore, open_store
from tests.e2e.person import PATIENCE_MS


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with open_store(tmp_path / "runs.sqlite") as opened:
        yield opened


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> Iterator[EvaluatePage]:
    made = EvaluatePage(session)
    qtbot.addWidget(made)
    made.resize(1188, 726)
    yield made
    made.hide()


def test_a_store_without_runs_says_so(qtbot: QtBot, page: EvaluatePage) -> None:
    page.show()
    qtbot.waitUntil(lambda: page._faces.currentWidget() is page._empty)


def test_another_page_chooses_the_run(qtbot: QtBot, store: RunStore, session: Session, page: EvaluatePage) -> None:
    spec = load_preset("wine")
    first, second, _ = (store.create_run(spec) for _ in range(3))
    session.evaluate(first)
    page.show()
    qtbot.waitUntil(lambda: page.run == first)
    page.hide()
    session.evaluate(second)
    page.show()
    qtbot.waitUntil(lambda: page.run == second)
    page.picker.runPicked.emit(first)
    page.hide()
    page.show()
    qtbot.waitUntil(lambda: page.run == first and page._faces.currentWidget() is page._error, timeout=PATIENCE_MS)


def test_a_run_is_evaluated_task_by_task(qtbot: QtBot, store: RunStore, session: Session, page: EvaluatePage) -> None:
    spec = spec_from_data(
        {
            "version": 1,
            "name": "iris",
            "dataset": {"kind": "bundled", "name": "iris"},
            "tasks": [
                {"name": "species", "kind": "multiclass", "target": "species"},
                {"name": "width", "kind": "regression", "target": "petal width"},
            ],
            "model": {"shared": [{"kind": "linear", "out_features": 8}]},
            "training": {"epochs": 1, "device": "cpu"},
        }
    )

    def wait(condition: Callable[[], bool]) -> None:
        qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    run = store.create_run(spec)
    page.show()
    wait(lambda: page._faces.currentWidget() is page._error)
    assert "no checkpoint" in page._error.text.text()

    session.worker.ask(TrainQuestion(run=run, store=store.url))
    page.show_run(run)
    assert page._error.action is not None
    wait(lambda: store.run(run).state == "finished")
    qtbot.mouseClick(page._error.action, Qt.MouseButton.LeftButton)
    wait(lambda: page.is_up_to_date)
    assert page.tabs.bar.height() > 0
    assert page.tabs.count() == 2
    assert page.confusion.isVisible()
    assert not page.values.isVisible()
    shown = page.classes.shown_class
    assert shown is not None
    assert page.classes.roc_card.subtitle.toolTip() or "AUC" in page.classes.roc_card.subtitle.text()
    page.classes.false_negative.setValue(50.0)
    page.classes._update_costs()
    qtbot.mouseClick(page.classes.cheapest, Qt.MouseButton.LeftButton)
    assert "0 false and" in page.classes.words.text()
    assert page.classes.roc.marker is not None
    assert page.classes.roc.marker[1] == 1.0

    columns = [page.group.itemText(index) for index in range(page.group.count())]
    page.group.setCurrentIndex(columns.index("sepal length"))
    page.group.activated.emit(columns.index("sepal length"))
    wait(lambda: page.is_up_to_date)
    assert page.groups.isVisible()
    assert page.groups.table.model().rowCount() == 4

    page.tabs.setCurrentIndex(1)
    wait(lambda: page.is_up_to_date)
    assert page.values.isVisible()
    assert not page.confusion.isVisible()
    assert page.hardest.table.model().rowCount() == 20
    labeled = page.hardest._task.labeled  # type: ignore[union-attr]
    assert page.hardest.more.text() == f"Show {min(labeled, 100)} rows"
    page.hardest.more.click()
    wait(lambda: page.is_up_to_date)
    assert page.hardest.table.model().rowCount() == min(labeled, 100)
    assert page.common.matrix.isVisible()
    assert {artifact.kind for artifact in store.artifacts(run)} >= {"predictions:test"}
