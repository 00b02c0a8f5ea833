"""The explanation on the Evaluate page with a real worker: importance, dependence, one row, errors, cancelling.

Covers: app/pages/evaluate/explain/panel.py, app/pages/evaluate/explain/model_cards.py,
app/pages/evaluate/explain/dependence_card.py, app/pages/evaluate/explain/row_card.py,
app/pages/evaluate/explain/question_status.py, app/pages/evaluate/explain/input_attribution.py,
app/pages/evaluate/explain/word_heat.py.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.pages.evaluate import EvaluatePage
from app.pages.evaluate.explain.word_heat import WordHeat
from app.plots import PictureHeat, SignedBars
from app.session import Session
from mtl_core.runner.execution import execute
from mtl_core.spec import spec_from_data
from mtl_core.store import RunStore, open_store
from tests.e2e.person import PATIENCE_MS

Wait = Callable[[Callable[[], bool]], None]
IRIS: dict[str, Any] = {
    "version": 1,
    "name": "iris",
    "dataset": {"kind": "bundled", "name": "iris"},
    "tasks": [
        {"name": "species", "kind": "multiclass", "target": "species"},
        {"name": "width", "kind": "regression", "target": "petal width"},
    ],
    "model": {"shared": [{"kind": "linear", "out_features": 8}, {"kind": "relu"}]},
    "training": {"epochs": 1, "device": "cpu"},
}
CAPTIONS: dict[str, Any] = {
    "version": 2,
    "name": "captions",
    "dataset": {"kind": "bundled", "name": "captions"},
    "tasks": [{"name": "color", "kind": "multiclass", "target": "color"}],
    "model": {
        "inputs": {
            "picture": [{"kind": "conv2d", "out_channels": 2}, {"kind": "relu"}, {"kind": "global_avg_pool"}],
            "caption": [
                {"kind": "embedding", "dimensions": 4},
                {"kind": "multi_head_attention", "heads": 2},
                {"kind": "sequence_pool"},
            ],
        },
        "fusion": {"kind": "concat"},
        "shared": [],
    },
    "training": {"epochs": 1, "device": "cpu"},
}


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


@pytest.fixture
def wait(qtbot: QtBot) -> Wait:
    return lambda condition: qtbot.waitUntil(condition, timeout=PATIENCE_MS)


def show(page: EvaluatePage, store: RunStore, data: dict[str, Any], wait: Wait) -> None:
    """Train a run and open the explanation of it."""
    run = store.create_run(spec_from_data(data))
    assert execute(store, run).state == "finished"
    page.show()
    wait(lambda: page.is_up_to_date)
    page.views.bar.setCurrentIndex(1)
    assert page.explanation.isVisible()


def test_a_table_is_explained(qtbot: QtBot, store: RunStore, session: Session, page: EvaluatePage, wait: Wait) -> None:
    show(page, store, IRIS, wait)
    panel = page.explanation
    assert not panel.importance.isVisible()
    assert not panel.dependence.isVisible()
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    assert panel.status.is_busy
    assert not panel.button.isEnabled()
    wait(lambda: panel.answer is not None)
    assert panel.importance.isVisible()
    assert {bar.name for bar in panel.importance.bars.bars} == {"sepal length", "sepal width", "petal length"}
    assert panel.features.isVisible()
    assert len(panel.features.map.values) == 2
    wait(panel.dependence.plot.isVisible)
    assert panel.dependence.column.currentText() == panel.importance.bars.bars[0].name
    assert len(panel.dependence.plot.series) > 1

    before = [bar.value for bar in panel.importance.bars.bars]
    page.tabs.setCurrentIndex(1)
    wait(lambda: page.is_up_to_date)
    wait(lambda: not panel.dependence.status.is_busy)
    assert [bar.value for bar in panel.importance.bars.bars] != before
    assert panel.dependence.output.currentText() == "petal width"

    row = int(page.hardest.table.model().index(0, 0).data())
    assert panel.row.row.value() == row
    page.hardest.table.doubleClicked.emit(page.hardest.table.model().index(2, 0))
    wait(lambda: panel.row.answer is not None)
    answer = panel.row.answer
    assert answer is not None
    assert answer.row == int(page.hardest.table.model().index(2, 0).data())
    (view,) = panel.row.views
    assert isinstance(view.content, SignedBars)
    assert len(view.content.bars) == 3
    assert "adds up" in panel.row.words.text()
    assert not panel.row.attention_box.isVisible()
    methods = {"Occlusion": "without this part", "Saliency (captum)": "in either direction"}
    methods |= {"Input × gradient (captum)": "times how strongly", "Shapley sampling (captum)": "adds up"}
    for method, words in methods.items():
        panel.row.method.setCurrentText(method)
        qtbot.mouseClick(panel.row.button, Qt.MouseButton.LeftButton)
        wait(lambda: not panel.row.status.is_busy)
        assert panel.row.answer is not None
        assert panel.row.answer.method == method.partition(" (")[0].lower().replace(" × ", "_x_").replace(" ", "_")
        assert words in panel.row.words.text()

    page.split.setCurrentIndex(0)
    page.split.activated.emit(0)
    wait(lambda: page.is_up_to_date)
    assert panel.answer is None
    assert not panel.importance.isVisible()


def test_an_error_is_shown_with_a_way_to_try_again(
    qtbot: QtBot, store: RunStore, session: Session, page: EvaluatePage, wait: Wait
) -> None:
    show(page, store, IRIS, wait)
    row = page.explanation.row
    row.row.setValue(5000)
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    wait(row.status.error.isVisible)
    assert "no split has this row" in row.status.error.label.text()
    row.explain(3)
    assert not row.status.error.isVisible()
    row.status.cancel()
    assert not row.status.is_busy
    assert row.button.isEnabled()
    assert row.answer is None


def test_pictures_words_and_attention_are_shown(
    qtbot: QtBot, store: RunStore, session: Session, page: EvaluatePage, wait: Wait
) -> None:
    show(page, store, CAPTIONS, wait)
    row = page.explanation.row
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    wait(lambda: row.answer is not None)
    contents = {type(view.content): view.content for view in row.views}
    picture, words = contents[PictureHeat], contents[WordHeat]
    assert isinstance(picture, PictureHeat)
    assert isinstance(words, WordHeat)
    assert picture.heat
    assert words.words
    assert words.tooltip_at(QPoint(3, 3)).startswith(words.words[0])
    assert row.attention_box.isVisible()
    assert len(row.attention.values) == len(words.words)
    mean = row.attention.values
    row.head.setCurrentIndex(1)
    row.head.activated.emit(1)
    wait(lambda: not row.status.is_busy and row.answer is not None and row.answer.attention[0].head == 1)
    assert row.head.currentIndex() == 1
    assert row.attention.values != mean
    row.output.setCurrentIndex(2)
    name = row.output.currentText()
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    wait(lambda: row.answer is not None and row.answer.output == name)
    assert row.output.currentText() == name
