"""Groups of runs: means, deviations, order, and what is kept between two reads; values of setting columns."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from app.tables import RunGroup, RunsModel
from tests.app.tables.rows import row


@pytest.fixture
def model(qtmodeltester: ModelTester) -> RunsModel:
    model = RunsModel()
    qtmodeltester.check(model, force_py=True)
    rows = [row(1, 0.5), row(2, 0.7), row(3, 0.9, method="pcgrad"), row(4, method="pcgrad"), row(5, method="dwa")]
    model.set_rows(rows)
    model.set_groups(["weighting"])
    return model


def texts(model: RunsModel, key: str) -> list[str]:
    return [model.index(i, model.column(key)).data() for i in range(model.rowCount())]


def test_a_group_says_mean_deviation_and_number(model: RunsModel) -> None:
    model.sort(model.column("left.val.accuracy.best"), Qt.SortOrder.AscendingOrder)
    assert texts(model, "name") == ["▸ Equal (2)", "▸ PCGrad (2)", "▸ DWA (1)"]
    assert texts(model, "left.val.accuracy.best") == ["0.6000 ± 0.1414", "0.9000", ""]
    assert texts(model, "scores") == ["accuracy 0.600 ± 0.141", "accuracy 0.900", ""]
    model.sort(model.column("left.val.accuracy.best"), Qt.SortOrder.DescendingOrder)
    assert texts(model, "name") == ["▸ PCGrad (2)", "▸ Equal (2)", "▸ DWA (1)"]


def test_an_open_group_shows_its_runs_and_stays_open(model: RunsModel) -> None:
    model.open_group_of(2)
    assert [isinstance(line, RunGroup) for line in model.lines()] == [True, True, True, False, False]
    assert model.row_of(2) == 3
    changed = [replace(old, record=replace(old.record, name="other")) for old in model.rows()]
    model.set_rows(changed)
    assert model.index(model.row_of(2), model.column("name")).data() == "other"
    model.toggle_group(2)
    assert model.row_of(2) == -1


def test_cells_of_a_large_group_follow(model: RunsModel, qtbot: QtBot) -> None:
    model.set_rows([row(run, 0.5 + run / 1000) for run in range(1, 202)])
    assert texts(model, "left.val.accuracy.best") == ["…"]
    qtbot.waitUntil(lambda: texts(model, "left.val.accuracy.best") == ["0.6010 ± 0.0582"])


def test_numbers_of_a_setting_are_sorted_before_its_texts(model: RunsModel) -> None:
    model.set_groups([])
    model.add_setting_columns(["training.width"])
    values = {1: 30.0, 2: 4.0, 3: "auto", 4: "", 5: 100.0}
    model.set_rows([replace(old, settings={"training.width": values[old.record.id]}) for old in model.rows()])
    model.sort(model.column("setting:training.width"), Qt.SortOrder.AscendingOrder)
    assert texts(model, "setting:training.width") == ["4", "30", "100", "auto", ""]
    model.set_groups(["weighting"])
    assert dict(zip(texts(model, "name"), texts(model, "setting:training.width"), strict=True)) == {
        "▸ DWA (1)": "100",
        "▸ Equal (2)": "17 ± 18.38",
        "▸ PCGrad (2)": "2 values",
    }


def test_runs_are_grouped_by_several_columns_and_each_stays_reachable(model: RunsModel) -> None:
    model.set_rows([row(1, 0.5), row(2, 0.7), row(3, 0.9, seed=4), row(4, method="pcgrad", seed=4)])
    model.set_groups(["weighting", "seed"])
    model.sort(model.column("id"), Qt.SortOrder.AscendingOrder)
    assert texts(model, "name") == [
        "▸ Weighting Equal · Seed 0 (2)", "▸ Weighting Equal · Seed 4 (1)", "▸ Weighting PCGrad · Seed 4 (1)",
    ]  # fmt: skip
    assert texts(model, "left.val.accuracy.best") == ["0.6000 ± 0.1414", "0.9000", ""]
    model.open_group_of(3)
    assert model.row_of(3) == 2
    tip = model.index(1, model.column("state")).data(Qt.ItemDataRole.ToolTipRole)
    assert "Weighting Equal, Seed 4: 1 run" in tip
    model.set_groups(["seed", "weighting"])
    assert texts(model, "name")[0] == "▸ Seed 0 · Weighting Equal (2)"
    assert model.row_of(3) == -1
