"""The item model of the table of runs: columns, sorting and display."""

import pytest
from PySide6.QtCore import QItemSelectionModel, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QTableView
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from app.pages.runs.runs_view import RunsView
from app.tables import RunRow, RunsModel
from tests.app.tables.rows import row

ASCENDING, DESCENDING = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


@pytest.fixture
def model(qtmodeltester: ModelTester) -> RunsModel:
    model = RunsModel()
    qtmodeltester.check(model, force_py=True)
    return model


def ids(model: RunsModel) -> list[int]:
    return [shown.record.id for shown in model.rows()]


def test_the_newest_run_stands_first_until_someone_sorts(model: RunsModel) -> None:
    model.set_rows([row(2), row(1), row(3)])
    assert ids(model) == [3, 2, 1]


def test_runs_without_a_value_stay_last_in_both_directions(model: RunsModel) -> None:
    model.set_rows([row(1, 0.5), row(2), row(3, 0.9)])
    column = model.column("left.val.accuracy.best")
    model.sort(column, ASCENDING)
    assert ids(model) == [1, 3, 2]
    model.sort(column, DESCENDING)
    assert ids(model) == [3, 1, 2]


def test_text_is_sorted_without_regard_to_case_and_empty_last(model: RunsModel) -> None:
    model.set_rows([row(1, device="b"), row(2, device=""), row(3, device="A")])
    model.sort(model.column("device"), ASCENDING)
    assert ids(model) == [3, 1, 2]


def test_ties_show_the_newest_run_first(model: RunsModel) -> None:
    model.set_rows([row(run, device="CPU") for run in (1, 2, 3)])
    model.sort(model.column("device"), ASCENDING)
    assert ids(model) == [3, 2, 1]


def test_metric_columns_come_with_the_runs_that_have_them(model: RunsModel) -> None:
    model.set_rows([row(1)])
    assert model.column("left.val.accuracy.best") == -1
    model.set_rows([row(1), row(2, 0.9312)])
    section = model.column("left.val.accuracy.best")
    assert model.headerData(section, Qt.Orientation.Horizontal) == "left accuracy"
    assert not model.columns()[section].shown
    assert not model.columns()[model.column("left.val.accuracy.last")].shown
    assert model.index(0, section).data() == "0.9312"


def test_one_column_says_how_each_run_did_whatever_its_tasks(model: RunsModel) -> None:
    model.set_rows([row(1), row(2, 0.9312)])
    section = model.column("scores")
    assert model.columns()[section].shown
    assert [model.index(i, section).data() for i in range(2)] == ["accuracy 0.931", ""]
    assert "best accuracy 0.9312" in model.index(0, section).data(Qt.ItemDataRole.ToolTipRole)
    assert ids(model)[-1] == 1


def test_a_change_keeps_the_selection_on_the_same_runs(model: RunsModel, qtbot: QtBot) -> None:
    view = QTableView()
    qtbot.addWidget(view)
    view.setModel(model)
    model.set_rows([row(1), row(2), row(3)])
    flags = QItemSelectionModel.SelectionFlag
    view.selectionModel().select(model.index(2, 0), flags.Select | flags.Rows)
    model.set_rows([row(1, seconds=99.0), row(3), row(4)])
    model.sort(model.column("duration"), DESCENDING)
    selected = [model.rows()[index.row()].record.id for index in view.selectionModel().selectedRows()]
    assert selected == [1]


def test_an_index_someone_holds_follows_its_run(model: RunsModel) -> None:
    model.set_rows([row(1, seconds=3.0), row(2, seconds=1.0), row(3, seconds=2.0)])
    held = QPersistentModelIndex(model.index(model.row_of(3), 2))
    model.sort(model.column("duration"), ASCENDING)
    assert (held.row(), model.rows()[held.row()].record.id) == (1, 3)


def test_a_much_shorter_list_keeps_the_selection_on_the_same_run(model: RunsModel, qtbot: QtBot) -> None:
    runs = [row(run) for run in range(1, 601)]
    model.set_rows(runs)
    view = RunsView(model)
    qtbot.addWidget(view)
    assert view.select_run(20)  # at a line that the shorter list does not have
    model.set_rows(runs[10:30])
    assert [record.id for record in view.selected_records()] == [20]
    model.set_rows(runs)
    assert [record.id for record in view.selected_records()] == [20]


def test_a_whole_other_list_replaces_the_old_one(model: RunsModel) -> None:
    model.set_rows([row(run) for run in range(1, 400)])
    model.set_rows([row(run) for run in range(600, 1000)])
    assert (ids(model)[0], model.rowCount()) == (999, 400)


def test_renaming_shows_at_once_and_asks_for_it_to_be_kept(model: RunsModel, qtbot: QtBot) -> None:
    model.set_rows([row(7)])
    index = model.index(0, model.column("name"))
    with qtbot.waitSignal(model.renamed, check_params_cb=lambda run, name: (run, name) == (7, "baseline")):
        assert model.setData(index, " baseline ")
    assert index.data() == "baseline"


def test_an_empty_name_is_refused(model: RunsModel, qtbot: QtBot) -> None:
    model.set_rows([row(7)])
    with qtbot.assertNotEmitted(model.renamed):
        assert not model.setData(model.index(0, model.column("name")), "  ")


def test_a_star_is_turned_and_asked_for(model: RunsModel, qtbot: QtBot) -> None:
    model.set_rows([row(7)])
    with qtbot.waitSignal(model.starred, check_params_cb=lambda run, on: (run, on) == (7, True)):
        model.toggle_star(0)
    assert model.rows()[0].record.starred


def test_a_row_that_is_the_same_object_is_not_announced(model: RunsModel, qtbot: QtBot) -> None:
    rows: list[RunRow] = [row(1), row(2)]
    model.set_rows(rows)
    with qtbot.assertNotEmitted(model.dataChanged), qtbot.assertNotEmitted(model.layoutChanged):
        model.set_rows(list(reversed(rows)))
