"""The Runs page: list, filter, columns, panel and actions."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QMessageBox, QPlainTextEdit, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app.jobs import Worker
from app.pages.runs import RunsPage
from app.session import Session
from app.settings import Settings
from app.widgets import InlineError
from mtl_core.protocol.events import NoteEvent, WeightsData, WeightsEvent
from mtl_core.spec import DataNote, StudyRun
from mtl_core.store import RunStore, sqlite
from mtl_core.training.persistence.tensor_files import write_tensors
from tests.app.pages.runs.conftest import experiment
from tests.app.tables.rows import record, row

Wait = Callable[[Callable[[], object]], None]
_FLAGS = QItemSelectionModel.SelectionFlag


def names(page: RunsPage) -> list[str]:
    return [row.record.name for row in page.model.rows()]


def select(page: RunsPage, *runs: int) -> None:
    page.view.clearSelection()
    for run in runs:
        index = page.model.index(page.model.row_of(run), 0)
        page.view.selectionModel().select(index, _FLAGS.Select | _FLAGS.Rows)
        page.view.selectionModel().setCurrentIndex(index, _FLAGS.NoUpdate)


def test_the_page_shows_every_run_with_its_metrics(page: RunsPage, wait: Wait) -> None:
    assert names(page) == [f"study {i}" for i in (5, 4, 3, 2, 1)]
    wait(lambda: page.model.column("left.val.accuracy.best") > 0)
    column = page.model.column("left.val.accuracy.best")
    assert page.model.index(4, column).data() == "0.9000"
    assert page.chip.text() == "5 runs"


def test_a_run_made_elsewhere_appears_by_itself(page: RunsPage, records: RunStore, wait: Wait) -> None:
    records.create_run(records.spec(1))
    wait(lambda: page.model.rowCount() == 6)


def test_the_filter_speaks_the_stores_language(page: RunsPage, qtbot: QtBot, wait: Wait) -> None:
    qtbot.keyClicks(page.list.filter, "method:equal")
    wait(lambda: names(page) == ["study 5", "study 1"])


def test_a_damaged_run_is_named_below_the_filter(page: RunsPage, records: RunStore, wait: Wait) -> None:
    with closing(sqlite.library().connect(records.name)) as connection, connection:
        connection.execute("UPDATE runs SET versions = '{' WHERE id = 2")
    wait(page.list.error.isVisible)
    assert "Run 2 is damaged in the store and left out" in page.list.error.label.text()
    wait(lambda: names(page) == [f"study {i}" for i in (5, 4, 3, 1)])


def test_a_malformed_filter_is_told_below_the_box_and_changes_nothing(page: RunsPage, qtbot: QtBot, wait: Wait) -> None:
    error = page.findChild(InlineError, "runs-error")
    assert error is not None
    page.list.filter.setText("state:done")
    wait(error.isVisible)
    assert "state:done" in error.label.text()
    assert page.model.rowCount() == 5
    page.list.filter.clear()
    wait(lambda: not error.isVisible())


def test_a_filter_that_nothing_matches_offers_to_clear_it(page: RunsPage, wait: Wait, qtbot: QtBot) -> None:
    page.list.filter.setText("nonsense")
    wait(page.list.no_runs.isVisible)
    assert page.list.no_runs.action is not None
    qtbot.mouseClick(page.list.no_runs.action, Qt.MouseButton.LeftButton)
    wait(lambda: page.model.rowCount() == 5)


def test_clicking_a_header_sorts(page: RunsPage, qtbot: QtBot) -> None:
    header = page.view.horizontalHeader()
    section = page.model.column("name")
    x = header.sectionViewportPosition(section) + 20
    qtbot.mouseClick(
        header.viewport(), Qt.MouseButton.LeftButton, pos=header.viewport().rect().topLeft().__class__(x, 8)
    )
    assert names(page) == sorted(names(page))


def test_renaming_in_place_reaches_the_store(page: RunsPage, records: RunStore, qtbot: QtBot, wait: Wait) -> None:
    page.view.setFocus()
    select(page, 3)
    qtbot.keyClick(page.view, Qt.Key.Key_F2)
    editor = page.view.viewport().findChild(QLineEdit)
    assert editor is not None
    editor.setText("better name")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    wait(lambda: records.run(3).name == "better name")


def test_tags_and_notes_are_kept(page: RunsPage, records: RunStore, qtbot: QtBot, wait: Wait) -> None:
    select(page, 2)
    tags, notes = page.findChild(QLineEdit, "run-tags"), page.findChild(QPlainTextEdit, "run-notes")
    assert tags is not None
    assert notes is not None
    tags.setFocus()
    qtbot.keyClicks(tags, "paper, baseline")
    qtbot.keyClick(tags, Qt.Key.Key_Return)
    notes.setPlainText("warm-up helped")
    wait(lambda: records.run(2).tags == ("baseline", "paper") and records.run(2).notes == "warm-up helped")


def test_notes_still_being_written_are_kept_when_another_run_is_selected(
    page: RunsPage, records: RunStore, wait: Wait
) -> None:
    select(page, 2)
    page.panel.notes.setPlainText("half a thought")
    select(page, 3)
    assert page.panel.notes.toPlainText() == ""
    wait(lambda: records.run(2).notes == "half a thought")
    assert records.run(3).notes == ""


def test_the_panel_shows_metrics_and_events(page: RunsPage, wait: Wait) -> None:
    select(page, 4)
    wait(lambda: "weight left" in page.panel.events.toPlainText())
    assert page.panel.run == 4


def test_a_long_name_is_shown_from_its_beginning(page: RunsPage, records: RunStore, wait: Wait) -> None:
    records.edit(4, name="a name that is much longer than the field, right alone")
    page.refresh()
    wait(lambda: page.model.rows()[page.model.row_of(4)].record.name.startswith("a name"))
    select(page, 4)
    assert page.panel.name.text().startswith("a name")
    assert page.panel.name.cursorPosition() == 0


def test_archiving_can_be_undone(page: RunsPage, records: RunStore, qtbot: QtBot, wait: Wait) -> None:
    select(page, 4, 5)
    page.view.setFocus()
    qtbot.keyClick(page.view, Qt.Key.Key_Delete)
    wait(lambda: page.model.rowCount() == 3)
    wait(page.toast.isVisible)
    qtbot.mouseClick(page.toast.button, Qt.MouseButton.LeftButton)
    wait(lambda: page.model.rowCount() == 5)
    assert not records.run(4).archived


def test_a_list_of_archived_runs_alone_offers_to_show_them(
    page: RunsPage, records: RunStore, wait: Wait, qtbot: QtBot
) -> None:
    for run in range(1, 6):
        records.edit(run, archived=True)
    wait(page.list.no_runs.isVisible)
    action = page.list.no_runs.action
    assert action is not None
    assert action.text() == "Show archived"
    qtbot.mouseClick(action, Qt.MouseButton.LeftButton)
    wait(lambda: page.model.rowCount() == 5)


def test_archived_runs_show_on_demand(page: RunsPage, records: RunStore, wait: Wait) -> None:
    records.edit(1, archived=True)
    wait(lambda: page.model.rowCount() == 4)
    page.list.archived.setChecked(True)
    wait(lambda: page.model.rowCount() == 5)


def test_a_star_is_kept(page: RunsPage, records: RunStore, qtbot: QtBot, wait: Wait) -> None:
    index = page.model.index(page.model.row_of(3), page.model.column("star"))
    qtbot.mouseClick(page.view.viewport(), Qt.MouseButton.LeftButton, pos=page.view.visualRect(index).center())
    wait(lambda: records.run(3).starred)


def test_compare_takes_the_selected_runs(page: RunsPage, session: Session, qtbot: QtBot) -> None:
    button = page.findChild(QPushButton, "compare-runs")
    assert button is not None
    assert not button.isEnabled()
    select(page, 1, 3)
    with qtbot.waitSignal(session.compareChanged) as compared:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert sorted(compared.args[0]) == [1, 3]


def test_enter_shows_the_curves_of_a_run(page: RunsPage, session: Session, qtbot: QtBot) -> None:
    select(page, 2)
    with qtbot.waitSignals([session.liveRunChanged, session.pageRequested]):
        qtbot.keyClick(page.view, Qt.Key.Key_Return)
    assert session.live_run == 2


def test_opening_an_experiment_hands_its_spec_to_the_window(
    page: RunsPage, session: Session, records: RunStore, qtbot: QtBot
) -> None:
    select(page, 3)
    with qtbot.waitSignal(session.specRequested, timeout=10_000) as asked:
        page.act("open")
    assert asked.args[0] == records.spec(3)


def test_running_again_replays_the_weights_moved_by_hand(
    page: RunsPage, session: Session, monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    queued: list[tuple[object, object]] = []
    monkeypatch.setattr(
        session.queue, "start", lambda spec, *, parent=None: queued.append((spec.weighting.moves, parent))
    )
    select(page, 1)
    page.act("again")
    wait(lambda: queued)
    moves, parent = queued[0]
    assert parent == 1
    assert [(move.step, move.weights) for move in moves] == [(12, {"left": 2.0, "right": 1.0})]  # type: ignore[attr-defined]


def test_an_interrupted_run_can_be_resumed(
    page: RunsPage, session: Session, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    resumed: list[int] = []
    monkeypatch.setattr(session.queue, "resume_run", resumed.append)
    select(page, 1)
    page.act("resume")
    select(page, 2)
    page.act("resume")
    assert resumed == [2]


def test_every_point_is_exported(page: RunsPage, tmp_path: Path, wait: Wait) -> None:
    path = tmp_path / "points.csv"
    page.run_actions.export_to([1], path)
    wait(path.exists)
    assert path.read_text().splitlines() == [
        "task,split,metric,step,value",
        "left,val,accuracy,10,0.8",
        "left,val,accuracy,20,0.9",
    ]


def test_runs_go_to_one_file_and_come_back_in_another_store(
    page: RunsPage, session: Session, tmp_path: Path, wait: Wait, qtbot: QtBot
) -> None:
    path = tmp_path / "some.runs"
    page.run_actions.export_file_to([1, 3], path)
    wait(path.exists)
    with qtbot.waitSignal(session.problem, timeout=10_000) as told:
        page.run_actions.import_from(path)
    assert "has runs that this store has already" in told.args[0]
    (tmp_path / "log.csv").write_text("epoch,val_loss\n1,0.5\n", encoding="utf-8")
    page.run_actions.import_from(tmp_path / "log.csv")
    wait(lambda: page.model.rowCount() == 6)


def test_a_file_that_cannot_be_written_is_told(page: RunsPage, session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.problem, timeout=10_000) as told:
        page.run_actions.export_to([1], tmp_path / "nowhere" / "points.csv")
    assert "cannot be written" in told.args[0]


def test_column_choice_is_remembered(page: RunsPage, session: Session, qtbot: QtBot) -> None:
    section = page.model.column("seed")
    page._columns.show(section, True)
    page._columns.save()
    again = RunsPage(session)
    qtbot.addWidget(again)
    assert not again.view.horizontalHeader().isSectionHidden(section)


def test_an_empty_store_offers_to_run_the_experiment(qtbot: QtBot, tmp_path: Path, wait: Wait) -> None:
    session = Session(str(tmp_path / "new.sqlite"), worker=Worker(), settings=Settings(tmp_path))
    page = RunsPage(session)
    qtbot.addWidget(page)
    page.show()
    empty = page.findChild(QWidget, "runs-empty")
    assert empty is not None
    wait(empty.isVisible)
    session.close()


def test_the_name_takes_the_room_that_is_left_until_a_person_gives_it_a_width(
    page: RunsPage, session: Session, qtbot: QtBot, wait: Wait
) -> None:
    header = page.view.horizontalHeader()
    page.resize(2400, 722)
    wait(lambda: 0 < header.length() == header.width())
    name = page.model.column("name")
    header.resizeSection(name, 400)
    page.resize(1100, 722)
    assert header.sectionSize(name) == 400


def test_a_run_of_several_tasks_can_get_its_baselines(
    page: RunsPage, session: Session, monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    asked: list[tuple[list[str], list[int], int | None]] = []

    def start(members: Sequence[StudyRun], *, first: int | None = None) -> None:
        asked.append(([one.baseline for one in members], [one.spec.training.seed for one in members], first))

    monkeypatch.setattr(session.queue, "start_study", start)
    select(page, 3)
    page.act("baselines")
    wait(lambda: asked)
    assert asked == [(["left", "right"], [2, 2], 3)]


def test_stopping_several_runs_takes_those_that_wait_out_first(
    page: RunsPage, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[int] = []
    monkeypatch.setattr(session.queue, "stop", stopped.append)
    states = {7: "running", 8: "queued", 9: "finished"}
    page.run_actions.stop([record(run, state=state) for run, state in states.items()])
    assert stopped == [8, 7]


def test_a_study_too_large_for_compare_is_compared_by_its_runs_of_all_tasks(
    page: RunsPage, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pages.runs.run_actions.MOST_COMPARED", 8)
    study = [record(run, study=1, baseline="" if run % 3 == 1 else "left") for run in range(1, 10)]
    page.run_actions.compare(study)
    assert session.compared == [1, 4, 7]
    page.run_actions.compare(study[:4])
    assert session.compared == [1, 2, 3, 4]


def test_runs_of_a_study_are_told_apart(page: RunsPage) -> None:
    columns = {column.key: column for column in page.model.columns()}
    alone, together, single = row(2, study=1, baseline="left"), row(1, study=1), row(3)
    assert [columns["study"].text(one) for one in (alone, together, single)] == ["1 · left alone", "1 · all tasks", ""]
    assert [columns["weighting"].text(one) for one in (alone, together)] == ["none", "Equal"]


def test_a_narrow_page_gives_the_room_of_the_empty_panel_to_the_table(page: RunsPage, wait: Wait) -> None:
    page.resize(1188, 700)
    page.view.clearSelection()
    wait(lambda: not page.panel.isVisible())
    page.view.selectRow(0)
    wait(lambda: page.panel.isVisible() and page.panel.width() >= page.panel.minimumWidth())
    page.view.clearSelection()
    page.resize(1800, 900)
    wait(page.panel.isVisible)


def test_what_was_decided_about_a_runs_data_is_shown_above_its_events(
    page: RunsPage, records: RunStore, wait: Wait
) -> None:
    note = DataNote(place="file", what="2 rows have fewer cells than the header has names.", count=2)
    records.add_event(3, NoteEvent(step=0, message=str(note), data=note))
    for step in range(250):
        records.add_event(3, WeightsEvent(step=step, message="moved", data=WeightsData(weights=None, step=step)))
    label = page.findChild(QLabel, "run-data-notes")
    assert label is not None
    select(page, 3)
    wait(lambda: label.isVisibleTo(page.panel))
    assert label.text() == f"• {note}"
    assert str(note) not in page.panel.events.toPlainText()
    select(page, 4)
    wait(lambda: not label.isVisibleTo(page.panel))


def test_related_runs_are_links_that_select_them(page: RunsPage, records: RunStore, qtbot: QtBot, wait: Wait) -> None:
    again = records.create_run(records.spec(2), parent=2)
    wait(lambda: page.model.row_of(again) >= 0)
    select(page, again)
    wait(lambda: page.panel.findChild(QPushButton, "run-link-2"))
    link = page.panel.findChild(QPushButton, "run-link-2")
    assert link is not None
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    wait(lambda: page.panel.run == 2 and page.panel.findChild(QPushButton, f"run-link-{again}"))
    assert "weighting.kind: uncertainty" in page.panel.settings.toPlainText()


def test_what_differs_from_the_parent_stands_above_the_settings(page: RunsPage, records: RunStore, wait: Wait) -> None:
    changed = records.create_run(experiment("study 1", seed=7), parent=1)
    wait(lambda: page.model.row_of(changed) >= 0)
    select(page, changed)
    wait(lambda: "training.seed: 0 → 7" in page.panel.settings.toPlainText())
    assert page.panel.settings.toPlainText().startswith("What differs from run 1\n")


def test_a_run_can_be_shown_alone_and_beside_the_list_again(page: RunsPage, qtbot: QtBot, wait: Wait) -> None:
    select(page, 4)
    qtbot.mouseClick(page.panel.alone, Qt.MouseButton.LeftButton)
    wait(lambda: not page.list.isVisible())
    wait(lambda: page.panel.width() > page.width() // 2)
    qtbot.keyClick(page.panel.tabs, Qt.Key.Key_Escape)
    wait(page.list.isVisible)
    page.panel.alone.click()
    page.view.clearSelection()
    wait(page.list.isVisible)
    assert not page.panel.alone.isChecked()


def test_one_checkpoint_is_removed_after_a_question(
    page: RunsPage, records: RunStore, qtbot: QtBot, wait: Wait
) -> None:
    folder = records.artifacts_dir(3)
    tensors = {"model/weight": torch.zeros(3)}
    write_tensors(folder / "step-10.safetensors", tensors, {"format": 1, "step": 10, "epoch": 1})
    records.add_artifact(3, "checkpoint:step", folder / "step-10.safetensors", {"step": 10})
    select(page, 3)
    wait(lambda: page.panel.files.findChild(QToolButton, "remove-step-10"))
    page.panel.tabs.setCurrentIndex(2)
    button = page.panel.files.findChild(QToolButton, "remove-step-10")
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    wait(lambda: page.findChild(QMessageBox, "question"))
    question = page.findChild(QMessageBox, "question")
    assert question is not None
    assert "step 10 (kept)" in question.text()
    question.findChild(QPushButton, "confirm").click()
    wait(lambda: not (folder / "step-10.safetensors").exists())
    wait(lambda: not page.panel.files.findChild(QToolButton, "remove-step-10"))
