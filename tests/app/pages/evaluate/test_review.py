"""Rows are left out and relabeled from the Evaluate page, with keys and undo, in a list beside the data."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

from app.pages.evaluate import EvaluatePage
from app.pages.evaluate.relabel_dialog import RelabelDialog
from app.session import Session
from mtl_core.protocol.questions import TrainQuestion
from mtl_core.spec import spec_from_data, spec_to_data
from mtl_core.store import RunStore, open_store
from mtl_core.tabular.reviewed_list import read_reviewed_list
from tests.e2e.person import PATIENCE_MS

Wait = Callable[[Callable[[], object]], None]
ROWS = 60


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with open_store(tmp_path / "runs.sqlite") as opened:
        yield opened


@pytest.fixture
def wait(qtbot: QtBot) -> Wait:
    return lambda condition: qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)


@pytest.fixture
def page(qtbot: QtBot, session: Session, store: RunStore, tmp_path: Path, wait: Wait) -> Iterator[EvaluatePage]:
    """The page with a run of a table that has classes, labels and numbers."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=ROWS).round(3),
            "kind": rng.choice(["red", "green", "blue"], ROWS),
            "price": rng.normal(size=ROWS).round(3),
            "tags": rng.choice(["a", "a|b", "b|c"], ROWS),
        }
    )
    frame.to_csv(tmp_path / "rows.csv", index=False)
    spec = spec_from_data(
        {
            "version": 1,
            "dataset": {"kind": "table", "path": str(tmp_path / "rows.csv"), "inputs": ["x"]},
            "tasks": [
                {"name": "kind", "kind": "multiclass", "target": "kind"},
                {"name": "price", "kind": "regression", "target": "price"},
                {"name": "tags", "kind": "multilabel", "target": "tags", "separator": "|"},
            ],
            "model": {"shared": [{"kind": "linear", "out_features": 4}]},
            "training": {"epochs": 1, "device": "cpu"},
        }
    )
    run = store.create_run(spec)
    session.worker.ask(TrainQuestion(run=run, store=store.url))
    wait(lambda: store.run(run).state == "finished")
    made = EvaluatePage(session)
    qtbot.addWidget(made)
    made.resize(1188, 726)
    made.show()
    wait(lambda: made.is_up_to_date and made.review.reviewed is not None)
    yield made
    made.hide()


def select(page: EvaluatePage, *positions: int) -> list[int]:
    """Select rows of the table; their numbers in the data."""
    table = page.hardest.table
    table.clearSelection()
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for position in positions:
        table.selectionModel().select(table.model().index(position, 0), flags)
    return [int(table.model().index(position, 0).data()) for position in positions]


def statuses(page: EvaluatePage) -> list[str]:
    model = page.hardest.table.model()
    return [str(model.index(row, 4).data()).strip() for row in range(model.rowCount())]


def test_rows_are_left_out_with_a_key_and_undone(qtbot: QtBot, page: EvaluatePage, tmp_path: Path, wait: Wait) -> None:
    path = tmp_path / "rows.csv.reviewed.jsonl"
    card = page.hardest
    assert not card.leave_out.isEnabled()
    assert not card.train.isEnabled()
    rows = select(page, 0, 2)
    qtbot.keyClick(card.table, Qt.Key.Key_Delete)
    wait(lambda: page.review.can_undo)
    assert read_reviewed_list(path).left_out == tuple(sorted(rows))
    assert all(line.cells for _, line in read_reviewed_list(path).lines)
    assert [statuses(page)[i] for i in (0, 1, 2)] == ["left out", "", "left out"]
    assert "2 rows left out" in card.words.text()
    assert list(card.selected) == rows

    qtbot.keyClick(card.table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: page.review.can_redo)
    assert statuses(page)[0] == ""
    qtbot.mouseClick(card.redo, Qt.MouseButton.LeftButton)
    wait(lambda: page.review.can_undo)
    assert statuses(page)[0] == "left out"
    qtbot.mouseClick(card.keep, Qt.MouseButton.LeftButton)
    wait(lambda: statuses(page)[0] == "")
    assert len(read_reviewed_list(path).lines) == 8  # nothing was overwritten


def test_labels_of_each_form_are_changed_in_a_dialog(
    qtbot: QtBot, page: EvaluatePage, tmp_path: Path, wait: Wait
) -> None:
    path, card = tmp_path / "rows.csv.reviewed.jsonl", page.hardest

    def dialog() -> RelabelDialog:
        return card.findChildren(RelabelDialog)[-1]

    (row,) = select(page, 0)
    qtbot.keyClick(card.table, Qt.Key.Key_Return)
    assert [dialog().classes.itemText(i) for i in range(4)] == ["blue", "green", "red", "No label"]
    dialog().classes.setCurrentIndex(3)
    dialog().remark.setText("blurred")
    qtbot.mouseClick(dialog().accept_button, Qt.MouseButton.LeftButton)
    wait(lambda: statuses(page)[0] == "→ no label")
    line = read_reviewed_list(path).in_force[row, "kind"][1]
    assert (line.label, line.remark) == (None, "blurred")

    page.tabs.setCurrentIndex(1)
    wait(lambda: page.is_up_to_date)
    (row,) = select(page, 1)
    qtbot.mouseClick(card.relabel, Qt.MouseButton.LeftButton)
    (field,) = dialog().numbers
    field.setValue(2.5)
    qtbot.mouseClick(dialog().accept_button, Qt.MouseButton.LeftButton)
    wait(lambda: statuses(page)[1] == "→ 2.5")
    assert read_reviewed_list(path).in_force[row, "price"][1].label == 2.5

    page.tabs.setCurrentIndex(2)
    wait(lambda: page.is_up_to_date)
    (row,) = select(page, 0)
    qtbot.mouseClick(card.relabel, Qt.MouseButton.LeftButton)
    labels: QListWidget = dialog().labels
    for index in range(labels.count()):
        labels.item(index).setCheckState(Qt.CheckState.Checked if index != 1 else Qt.CheckState.Unchecked)
    qtbot.mouseClick(dialog().accept_button, Qt.MouseButton.LeftButton)
    wait(lambda: statuses(page)[0] == "→ a, c")
    assert read_reviewed_list(path).in_force[row, "tags"][1].label == ("a", "c")


def test_a_list_that_cannot_be_read_is_said(qtbot: QtBot, page: EvaluatePage, tmp_path: Path, wait: Wait) -> None:
    path = tmp_path / "rows.csv.reviewed.jsonl"
    path.write_text("no list")
    select(page, 0)
    qtbot.mouseClick(page.hardest.leave_out, Qt.MouseButton.LeftButton)
    wait(page.hardest.error.isVisible)
    assert "line 1" in page.hardest.error.label.text()
    assert path.read_text() == "no list"
    page.review.show_run(1)
    wait(lambda: page.review.reviewed is None)
    assert not page.hardest.leave_out.isEnabled()


def test_the_experiment_is_trained_again_with_the_list(
    qtbot: QtBot, page: EvaluatePage, store: RunStore, session: Session, tmp_path: Path, wait: Wait
) -> None:
    session.document.set("dataset", spec_to_data(store.spec(1))["dataset"], "Take the data", merge=False)
    select(page, 0)
    qtbot.mouseClick(page.hardest.leave_out, Qt.MouseButton.LeftButton)
    wait(page.hardest.train.isEnabled)
    qtbot.mouseClick(page.hardest.train, Qt.MouseButton.LeftButton)
    wait(lambda: len(store.runs()) == 2 and store.run(2).state == "finished")
    path = str(tmp_path / "rows.csv.reviewed.jsonl")
    assert store.spec(2).dataset.reviewed == path
    assert session.document.data["dataset"]["reviewed"] == path
    assert any("1 row is left out" in event.message for event in store.events(2))
