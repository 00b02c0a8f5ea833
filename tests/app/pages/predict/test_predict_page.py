"""The Predict page with a real worker: a file, its table, and the form of one row."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.pages.predict import PredictPage
from app.pages.predict.fields import CategoryEditor, LineEditor, NumberEditor
from app.session import Session
from mtl_core.evaluation.model_bundle import save_models
from mtl_core.runner.execution import execute
from mtl_core.runner.saved_models import saved_run
from mtl_core.spec import spec_from_data
from mtl_core.store import RunStore, open_store
from tests.e2e.person import PATIENCE_MS

Wait = Callable[[Callable[[], object]], None]


@pytest.fixture
def wait(qtbot: QtBot) -> Wait:
    return lambda condition: qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with open_store(tmp_path / "runs.sqlite") as opened:
        yield opened


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> Iterator[PredictPage]:
    made = PredictPage(session)
    qtbot.addWidget(made)
    made.resize(1188, 726)
    yield made
    made.hide()


def train(store: RunStore, folder: Path) -> int:
    """A run of a table with numbers, categories and dates; the price has a unit."""
    rng = np.random.default_rng(0)
    lines = ["area,city,built,price,sold"]
    for _ in range(120):
        area, city = rng.uniform(20, 120), ("Lyon", "Nice")[rng.integers(2)]
        price = 3 * area + 100 * (city == "Nice") + rng.normal(0, 10)
        year = rng.integers(1990, 2020)
        lines.append(
            f"{area:.1f},{city},{year}-0{rng.integers(1, 9)}-11,{price:.1f} €,{('no', 'yes')[int(price > 300)]}"
        )
    (folder / "houses.csv").write_text("\n".join(lines), encoding="utf-8")
    spec = spec_from_data(
        {
            "version": 1,
            "name": "houses",
            "dataset": {"kind": "table", "path": str(folder / "houses.csv"), "inputs": ["area", "city", "built"]},
            "tasks": [
                {"name": "price", "kind": "regression", "target": "price"},
                {"name": "sold", "kind": "binary", "target": "sold"},
            ],
            "model": {"shared": [{"kind": "linear", "out_features": 8}, {"kind": "relu"}]},
            "training": {"epochs": 5, "device": "cpu"},
        }
    )
    run = store.create_run(spec)
    assert execute(store, run).state == "finished"
    return run


def test_a_store_without_runs_says_so(page: PredictPage, wait: Wait) -> None:
    page.show()
    wait(lambda: page._faces.currentWidget() is page._empty)


def test_another_page_chooses_the_runs(
    store: RunStore, session: Session, page: PredictPage, wait: Wait, tmp_path: Path
) -> None:
    first = train(store, tmp_path)
    train(store, tmp_path)
    session.predict_with([first])
    page.show()
    wait(lambda: page.models.models is not None)
    assert page.models.models is not None
    assert page.models.models.runs == (first,)
    session.predict_with([first, first + 1])
    wait(lambda: page.models.models is not None and page.models.models.runs == (first, first + 1))
    page.hide()
    page.show()
    wait(lambda: page.models.models is not None)
    assert page.models.text().startswith("Mean of 2 runs")


def test_a_file_becomes_a_table_that_is_saved(
    qtbot: QtBot, tmp_path: Path, store: RunStore, session: Session, page: PredictPage, wait: Wait
) -> None:
    run = train(store, tmp_path)
    page.show()
    wait(lambda: page.models.models is not None)
    assert page.models.text() == f"Run {run} · houses"
    view = page.file
    bad = tmp_path / "bad.csv"
    bad.write_text("area,price\n50,1\n", encoding="utf-8")
    view.open_file(bad)
    wait(lambda: "city, built" in view.error.label.text())
    assert not view.start.isEnabled()

    new = tmp_path / "new.csv"
    new.write_text(
        'area,city,built,note\n50,Lyon,2001-02-03,a\n60,Nice,2001-02-03,b,c\n,Paris,2004-01-01,d\n70,"Nice,2001,e\n',
        encoding="utf-8",
    )
    view.open_file(new)
    wait(lambda: "Used: area, city, built" in view.words.text())
    assert "Left over: note" in view.words.text()
    qtbot.mouseClick(view.start, Qt.MouseButton.LeftButton)
    wait(view.save.isVisible)
    titles = [
        view.result.model.headerData(i, Qt.Orientation.Horizontal) for i in range(view.result.model.columnCount())
    ]
    assert titles == [
        "row", "price.predicted (€)", "price.low (€)", "price.high (€)", "sold.predicted", "sold.p.no", "sold.p.yes",
    ]  # fmt: skip
    assert view.result.model.rowCount() == 4
    assert view.result.model.index(1, 1).data() == "—"
    assert "2 of 4 rows predicted, 2 without" in view.result.summary.text()
    listed = [view.result.unreadable.item(i).text() for i in range(view.result.unreadable.count())]
    assert listed[0] == "Row 2: line 3 has 5 cells, the header has 4"
    assert listed[1] == "Row 4: line 5 opens a quotation mark that is never closed"
    assert "input 'area' has no value" in view.result.notes.text()
    assert "at least 90 %" in view.result.notes.text()

    view.save_as(tmp_path / "out.parquet")
    wait(view.save.isEnabled)
    saved = pd.read_parquet(tmp_path / "out.parquet")
    assert saved["row"].tolist() == [1, 2, 3, 4]
    assert saved["price.predicted"].isna().tolist() == [False, True, False, True]
    assert (saved["price.low"] < saved["price.predicted"]).tolist() == [True, False, True, False]

    page.level.setCurrentIndex(0)
    page.level.activated.emit(0)
    assert view.result.model.rowCount() == 0
    view.predict()
    view.stop()
    assert view.start.isEnabled()
    view.predict()
    wait(view.save.isVisible)
    assert view.result.model.columnCount() == 5


def test_several_runs_and_a_folder_of_models_predict(
    tmp_path: Path, store: RunStore, page: PredictPage, wait: Wait
) -> None:
    runs = [train(store, tmp_path), train(store, tmp_path)]
    save_models([saved_run(store, run) for run in runs], tmp_path / "models")
    new = tmp_path / "new.csv"
    new.write_text("area,city,built\n50,Lyon,2001-02-03\n", encoding="utf-8")
    page.show()
    wait(lambda: page.models.models is not None)
    shown = []
    for choose in (
        lambda: page.models.read_runs(runs),
        lambda: page.models.open_folder(tmp_path / "models"),
    ):
        before = page.models.models
        choose()
        wait(lambda before=before: page.models.models is not before)
        page.file.open_file(new)
        page.file.predict()
        wait(page.file.save.isVisible)
        shown.append([page.file.result.model.index(0, column).data() for column in range(7)])
    assert page.models.text() == "Folder models"
    assert shown[0] == shown[1]
    page.models.read_runs([99])
    wait(lambda: page._faces.currentWidget() is page._error)
    assert page._error.action is not None
    page._error.action.click()
    wait(lambda: page.models.models is not None and page.models.models.runs == (2,))


def test_one_row_follows_its_fields_and_shows_the_change(
    qtbot: QtBot, tmp_path: Path, store: RunStore, page: PredictPage, wait: Wait
) -> None:
    train(store, tmp_path)
    page.show()
    wait(lambda: page.models.models is not None)
    page.tabs.setCurrentIndex(1)
    view = page.row
    wait(lambda: view.is_up_to_date)
    area, city, built = (view.form.editors[name] for name in ("area", "city", "built"))
    assert isinstance(area, NumberEditor)
    assert isinstance(city, CategoryEditor)
    assert isinstance(built, LineEditor)
    assert view.prediction is not None
    assert "against" not in view.outcome.tasks["price"].text.text()
    assert "(" in view.outcome.tasks["price"].text.text()
    start = view.prediction
    assert view.begin.count() > 10

    began = time.monotonic()
    area.slider.setValue(900)
    wait(lambda: view.is_up_to_date)
    assert time.monotonic() - began < 1  # 0.15 s on an idle machine
    assert area.number.value() == pytest.approx(area._low + 0.9 * (area._high - area._low), abs=0.1)
    assert "against the start" in view.outcome.tasks["price"].text.text()
    assert view.outcome.tasks["sold"].bars.bars[0].start == start.cells[-2]
    qtbot.mouseClick(view.reset, Qt.MouseButton.LeftButton)
    wait(lambda: view.is_up_to_date)
    assert view.prediction == start

    built.line.setText("")
    qtbot.keyClicks(built.line, "soon")
    wait(lambda: "input 'built' has no value" in view.outcome.notes.text())
    for editor in (city, area):
        if isinstance(editor, NumberEditor):
            editor.without.click()
        else:
            editor.choice.setCurrentIndex(0)
            editor.choice.activated.emit(0)
    built.line.setText("")
    built.line.textEdited.emit("")
    wait(lambda: "There is no prediction" in view.outcome.notes.text())
    view.begin.setCurrentIndex(3)
    view.begin.activated.emit(3)
    wait(lambda: view.is_up_to_date and not view.prediction.reason)
    assert view.form.values["area"] == view._form.cells[2][0]
