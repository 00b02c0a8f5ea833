"""Predictions of really trained runs side by side on Compare, their difference, and the rows on which two disagree.

Covers: app/pages/compare/views/predictions_view.py.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.pages.compare import ComparePage
from app.pages.compare.views.predictions_view import confusion_difference, pair_text, shown_runs
from app.session import Session
from mtl_core.protocol.diagnostics import Disagreements, RightCounts, RowValues, TaskDiagnostics
from mtl_core.protocol.questions import TrainQuestion
from mtl_core.spec import ExperimentSpec, spec_from_data
from mtl_core.store import RunStore, open_store
from tests.e2e.person import PATIENCE_MS

Wait = Callable[[Callable[[], object]], None]
ROWS = 120


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with open_store(tmp_path / "runs.sqlite") as opened:
        yield opened


@pytest.fixture
def wait(qtbot: QtBot) -> Wait:
    return lambda condition: qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)


def experiment(folder: Path, seed: int, share: float = 0.7) -> ExperimentSpec:
    return spec_from_data(
        {
            "version": 1,
            "dataset": {
                "kind": "table",
                "path": str(folder / "rows.csv"),
                "inputs": ["x", "z"],
                "split": {"train": share, "val": 0.1, "test": round(0.9 - share, 1)},
            },
            "tasks": [
                {"name": "kind", "kind": "multiclass", "target": "kind"},
                {"name": "price", "kind": "regression", "target": "price"},
            ],
            "model": {"shared": [{"kind": "linear", "out_features": 4}]},
            "training": {"epochs": 1, "device": "cpu", "seed": seed},
        }
    )


@pytest.fixture
def page(qtbot: QtBot, session: Session, store: RunStore, tmp_path: Path, wait: Wait) -> Iterator[ComparePage]:
    """The page with three runs, the last of which divides the rows differently."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(ROWS, 2)).round(3)
    kinds = np.array(["low", "middle", "high"])[np.digitize(x[:, 0], (-0.4, 0.4))]
    frame = pd.DataFrame(x, columns=["x", "z"]).assign(kind=kinds, price=x.sum(1).round(3))
    frame.to_csv(tmp_path / "rows.csv", index=False)
    for spec in (experiment(tmp_path, 0), experiment(tmp_path, 1), experiment(tmp_path, 0, share=0.6)):
        run = store.create_run(spec)
        session.worker.ask(TrainQuestion(run=run, store=store.url))
    wait(lambda: all(run.state == "finished" for run in store.runs()))
    made = ComparePage(session)
    qtbot.addWidget(made)
    made.resize(1188, 726)
    made.show()
    session.compare([1, 2, 3])
    wait(lambda: made.is_up_to_date() and made.predictions.first.count() == 3)
    yield made
    made.hide()


def test_runs_stand_side_by_side_and_the_rows_of_a_pair_are_listed(qtbot: QtBot, page: ComparePage, wait: Wait) -> None:
    card = page.predictions
    assert card.isVisible()
    card.split.setCurrentIndex(0)
    card.split.activated.emit(0)
    qtbot.mouseClick(card.ask_button, Qt.MouseButton.LeftButton)
    assert not card.ask_button.isEnabled()
    wait(lambda: card.is_up_to_date)
    view = card.diagnostics
    assert list(view.matrices) == [1, 2, 3]
    assert view.difference is not None
    assert view.difference.text_at(0, 0)[0] in "+−"
    assert len(view.roc.series) == len(view.reliability.series) == 3
    assert len({series.color for series in view.roc.series}) == 3
    assert "McNemar" in card.words.text()
    assert "run&nbsp;3: AUC" in view.scores.text().replace("&nbsp;AUC", " AUC")
    model = card.table.model()
    heads = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(7)]
    assert heads == ["row", "true", "run 1", "run 2", "loss of run 1", "loss of run 2", "difference"]
    assert model.rowCount() > 0
    assert model.index(0, 2).data()[0] in "✓✗"

    card.task.setCurrentIndex(1)
    card.task.activated.emit(1)
    assert not view.isVisible()
    qtbot.mouseClick(card.ask_button, Qt.MouseButton.LeftButton)
    wait(lambda: card.is_up_to_date)
    assert not view.isVisible()
    assert "has the lower loss" in card.words.text()
    assert card.table.model().rowCount() == 50


def test_a_pair_with_other_rows_is_refused_with_the_reason(qtbot: QtBot, page: ComparePage, wait: Wait) -> None:
    card = page.predictions
    card.second.setCurrentIndex(2)
    card.second.activated.emit(2)
    qtbot.mouseClick(card.ask_button, Qt.MouseButton.LeftButton)
    wait(lambda: card.is_up_to_date)
    assert "divide the rows differently" in card.error.label.text()
    assert list(card.diagnostics.matrices) == [1, 3, 2]
    assert not card.rows.isVisible()
    card.second.setCurrentIndex(0)
    card.second.activated.emit(0)
    assert not card.ask_button.isEnabled()
    assert "two different runs" in card.words.text()
    card.show_runs(page.selection.entries[:1])
    card.show_runs(page.selection.entries)
    assert (card.first.currentText(), card.second.currentText()) == ("run 1", "run 2")
    assert card.ask_button.isEnabled()


def task(confusion: tuple[tuple[int, ...], ...], names: tuple[str, ...] = ("a", "b")) -> TaskDiagnostics:
    return TaskDiagnostics(
        task="t", kind="binary", labeled=4, loss=0.1, errors=1, error_rule="", class_names=names, confusion=confusion
    )


def test_confusions_differ_by_the_shares_of_the_true_class() -> None:
    difference = confusion_difference(task(((3, 1), (0, 2))), task(((4, 0), (1, 1))))
    assert difference is not None
    assert difference.values == ((0.25, -0.25), (0.5, -0.5))
    assert confusion_difference(task(((1, 0), (0, 1))), task(((1, 0), (0, 1)), ("a", "c"))) is None
    assert shown_runs((1, 2, 3, 4, 5), 5, 2) == (5, 2, 1, 3)


@pytest.mark.parametrize(
    ("p_value", "words"), [(0.01, "Run 2 is right more often"), (0.4, "No difference can be told")]
)
def test_only_a_significant_difference_is_called_one(p_value: float, words: str) -> None:
    found = Disagreements(
        runs=(1, 2),
        split="test",
        task="t",
        kind="binary",
        labeled=30,
        different=15,
        right=RightCounts(both=10, first=3, second=12, neither=5, p_value=p_value),
        lower_loss=(10, 20),
        rows=(),
        values=RowValues(rows=(), columns=(), cells=(), inputs={}, input_rows=()),
    )
    assert words in pair_text(found)
