"""The window around the pages, with a fake worker and real pages."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.main_window import CANCEL, LET_IT_RUN, STOP_AND_KEEP, MainWindow
from app.navigation import Page
from app.theme import apply_theme
from mtl_core.spec import load_preset, load_spec, study_members
from mtl_core.store import open_store
from tests.app.conftest import Answers, show_window

CONTROL = Qt.KeyboardModifier.ControlModifier


Open = Callable[[], MainWindow]


@pytest.fixture
def open_window(qtbot: QtBot, make_window: Open) -> Open:
    """Opens windows as the application does."""

    def make() -> MainWindow:
        window = make_window()
        window.files.reopen()
        return show_window(window, qtbot)

    return make


@pytest.fixture
def window(open_window: Open) -> MainWindow:
    return open_window()


def child(window: MainWindow, name: str) -> Any:
    found = window.findChild(QWidget, name)
    assert found is not None, name
    return found


def edit(window: MainWindow, name: str = "edited by hand") -> None:
    window.session.document.set("name", name)


def run_named(window: MainWindow, name: str) -> None:
    document = window.session.document
    assert document.spec is not None
    document.load_spec(document.spec, name)
    child(window, "run").click()


def test_the_first_start_shows_the_example_ready_to_run(window: MainWindow) -> None:
    assert window.session.document.problems == []
    assert window.session.document.name == "two digits, hard sharing"
    assert not window.session.document.dirty
    assert child(window, "run").isEnabled()
    assert window.current_page() == Page.DATA


def test_each_page_is_opened_by_its_key_and_by_the_rail(window: MainWindow, qtbot: QtBot) -> None:
    for number, page in enumerate(Page, start=1):
        qtbot.keyClick(window, getattr(Qt.Key, f"Key_{number}"), CONTROL)
        assert window.current_page() == page
    for page in Page:
        qtbot.mouseClick(child(window, f"rail-{page.key}"), Qt.MouseButton.LeftButton)
        assert window.current_page() == page


def test_the_pages_not_shown_are_made_in_the_background(window: MainWindow, wait: Any) -> None:
    window.warm_up()
    wait(lambda: window.stack.count() == len(Page))


def test_an_edit_marks_the_document_and_undo_clears_it(window: MainWindow, qtbot: QtBot) -> None:
    edit(window)
    assert window.isWindowModified()
    assert child(window, "document-edited").isVisible()
    assert child(window, "document-title").text() == "edited by hand"
    qtbot.keyClick(window, Qt.Key.Key_Z, CONTROL)
    assert not window.isWindowModified()
    assert child(window, "redo").isEnabled()
    qtbot.keyClick(window, Qt.Key.Key_Y, CONTROL)
    assert window.isWindowModified()


def test_edits_are_saved_before_another_experiment_is_opened(
    window: MainWindow, answers: Answers, tmp_path: Path, qtbot: QtBot
) -> None:
    edit(window, "keep me")
    answers.choice, answers.file = "Save", tmp_path / "kept.yaml"
    qtbot.keyClick(window, Qt.Key.Key_N, CONTROL)
    assert answers.asked == ["Save the edits?"]
    assert load_spec(tmp_path / "kept.yaml").name == "keep me"
    assert window.session.document.name == "untitled"
    assert window.session.settings.recent() == [tmp_path / "kept.yaml"]


def test_cancel_keeps_the_edits(window: MainWindow, answers: Answers, qtbot: QtBot) -> None:
    edit(window, "keep me")
    answers.choice = "Cancel"
    qtbot.keyClick(window, Qt.Key.Key_N, CONTROL)
    assert window.session.document.name == "keep me"
    assert not window.close()
    assert window.isVisible()


@pytest.mark.parametrize(
    ("choice", "replaced", "saved"), [("Replace", True, False), ("Save first", True, True), ("Cancel", False, False)]
)
def test_data_that_would_replace_edited_tasks_are_asked_about(
    window: MainWindow, answers: Answers, tmp_path: Path, choice: str, replaced: bool, saved: bool
) -> None:
    session = window.session
    assert session.confirm_replace("Other data bring other tasks.")
    assert answers.asked == []
    session.document.set("tasks[0].name", "mine")
    answers.choice, answers.file = choice, tmp_path / "kept.yaml"
    assert session.confirm_replace("Other data bring other tasks.") is replaced
    assert answers.asked == ["Replace what was edited?"]
    assert (tmp_path / "kept.yaml").exists() is saved


def test_an_experiment_that_diverged_is_edited_in_place_or_opened_with_other_settings(
    window: MainWindow, answers: Answers
) -> None:
    session = window.session
    spec = session.document.spec
    assert spec is not None
    session.edit_spec(spec, {"training.optimizer.lr": 0.25}, "Halve the learning rate")
    assert session.document.undo_stack.undoText() == "Halve the learning rate"
    assert window.current_page() == Page.TRAINING
    answers.choice = "Cancel"
    session.edit_spec(spec, {"training.optimizer.lr": 0.125}, "Halve the learning rate")
    assert session.document.get("training.optimizer.lr") == 0.25
    assert answers.asked == ["Save the edits?"]
    answers.choice = "Discard the edits"
    session.edit_spec(spec, {"training.optimizer.lr": 0.125}, "Halve the learning rate")
    assert session.document.get("training.optimizer.lr") == 0.125


def test_a_file_is_read_in_the_background_unless_edits_come_between(
    window: MainWindow, answers: Answers, tmp_path: Path, wait: Any
) -> None:
    document = window.session.document
    for name in ("first", "second"):
        document.load_spec(load_preset("wine"), name)
        document.save_as(tmp_path / f"{name}.yaml")
    window.files.open_recent(tmp_path / "first.yaml")
    assert document.name == "second"
    wait(lambda: document.name == "first")
    assert document.path == tmp_path / "first.yaml"
    assert window.session.settings.recent() == [tmp_path / "first.yaml"]
    window.files.open_recent(tmp_path / "second.yaml")
    edit(window, "edited meanwhile")
    answers.choice = "Cancel"
    wait(lambda: answers.asked)
    assert document.name == "edited meanwhile"


def test_a_file_that_cannot_be_read_is_told_and_changes_nothing(
    window: MainWindow, answers: Answers, tmp_path: Path, qtbot: QtBot
) -> None:
    answers.file = tmp_path / "broken.yaml"
    answers.file.write_text("tasks: [")
    qtbot.keyClick(window, Qt.Key.Key_O, CONTROL)
    qtbot.waitUntil(lambda: bool(window.toasts.banners()))
    assert [banner.objectName() for banner in window.toasts.banners()] == ["message-error"]
    assert window.session.document.name == "two digits, hard sharing"


def test_a_file_is_opened_again_at_the_next_start(
    open_window: Open, answers: Answers, tmp_path: Path, qtbot: QtBot
) -> None:
    first = open_window()
    edit(first, "mine")
    answers.file = tmp_path / "mine.yaml"
    qtbot.keyClick(first, Qt.Key.Key_S, CONTROL)
    first.open_page(Page.TRAINING)
    first.close()
    second = open_window()
    assert second.session.document.path == tmp_path / "mine.yaml"
    assert second.current_page() == Page.TRAINING


def test_a_file_changed_by_another_program_is_overwritten_only_when_told(
    window: MainWindow, answers: Answers, tmp_path: Path, qtbot: QtBot
) -> None:
    answers.file = path = tmp_path / "mine.yaml"
    window.files.save_as()
    theirs = path.read_text() + "# theirs\n"
    path.write_text(theirs)
    edit(window)
    answers.choice = "Cancel"
    qtbot.keyClick(window, Qt.Key.Key_S, CONTROL)
    assert path.read_text() == theirs
    answers.choice = "Overwrite it"
    qtbot.keyClick(window, Qt.Key.Key_S, CONTROL)
    assert load_spec(path).name == "edited by hand"


def test_an_experiment_with_a_problem_does_not_run_and_shows_where(window: MainWindow, qtbot: QtBot) -> None:
    window.session.document.set("training.epochs", 0)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert window.current_page() == Page.TRAINING
    assert "Training › epochs" in window.toasts.banners()[0].label.text()
    window.session.document.set("training.epochs", 3)
    assert not window.toasts.banners()
    assert window.session.queue.active is None


def test_a_run_is_started_shown_and_stopped_by_the_bar(window: MainWindow, wait: Any, qtbot: QtBot) -> None:
    run_named(window, "hold")
    assert window.current_page() == Page.LIVE
    wait(lambda: child(window, "stop").isEnabled() and "epoch 1 of 20" in child(window, "status-run").full_text())
    assert window.session.live_run == 1
    assert child(window, "status-eta").full_text() == "ETA 1 min 10 s"
    assert child(window, "status-rate").full_text() == "1\u202f234 samples/s"
    assert child(window, "status-store").full_text() == "runs.sqlite"
    wait(child(window, "pause").isEnabled)  # which follows the queue's record, the status line the newest one
    child(window, "pause").click()
    wait(lambda: child(window, "pause").text() == "Resume run 1")
    child(window, "pause").click()
    wait(lambda: child(window, "pause").text() == "Pause run 1")
    child(window, "stop").click()
    wait(lambda: not child(window, "stop").isEnabled())
    assert child(window, "status-run").full_text() == "Nothing is running"


def test_runs_that_wait_are_counted(window: MainWindow, wait: Any) -> None:
    run_named(window, "hold")
    wait(lambda: window.session.queue.live_runs)
    run_named(window, "quick")
    wait(lambda: child(window, "status-waiting").full_text() == "1 waiting")
    child(window, "stop").click()
    wait(lambda: window.session.queue.active is None)


def test_the_bar_names_the_run_it_stops_where_live_shows_another(window: MainWindow, wait: Any) -> None:
    run_named(window, "hold")
    wait(lambda: child(window, "stop").text() == "Stop run 1" and window.session.queue.live_runs)
    window.session.show_live(99)
    assert child(window, "stop").text() == "Stop run 1"
    assert child(window, "pause").text() == "Pause run 1"
    child(window, "stop").click()
    wait(lambda: window.session.queue.active is None)
    assert child(window, "stop").text() == "Stop"


def test_the_line_at_the_bottom_says_what_was_read_last_whoever_read_it(window: MainWindow, wait: Any) -> None:
    run_named(window, "hold")
    wait(lambda: child(window, "status-eta").full_text())
    active = window.session.queue.active
    assert active is not None
    newest = window.session.records.newest(active)  # the queue's own record may be older than the one shown
    assert newest.progress is not None
    window.session.records.put(replace(newest, progress=replace(newest.progress, eta_seconds=33.0)))
    assert child(window, "status-eta").full_text() == "ETA 33 s"
    child(window, "stop").click()
    wait(lambda: window.session.queue.active is None)


def test_a_run_let_go_on_is_live_again_at_the_next_start(
    open_window: Open, answers: Answers, wait: Any, home: Path
) -> None:
    first = open_window()
    run_named(first, "hold")
    wait(lambda: first.session.queue.local_runs)
    answers.choice = LET_IT_RUN
    assert first.close()
    second = open_window()
    wait(lambda: second.session.queue.local_runs)
    assert second.session.live_run == 1
    answers.choice = STOP_AND_KEEP
    assert second.close()
    with open_store(home / "runs.sqlite") as store:
        wait(lambda: store.run(1).state == "stopped")


def test_closing_during_a_run_can_be_called_off(window: MainWindow, answers: Answers, wait: Any) -> None:
    run_named(window, "hold")
    wait(lambda: window.session.queue.local_runs)
    answers.choice = CANCEL
    assert not window.close()
    assert window.isVisible()
    child(window, "stop").click()
    wait(lambda: window.session.queue.active is None)


def test_a_run_that_fails_is_told_in_the_window(window: MainWindow, wait: Any) -> None:
    run_named(window, "refuse")
    wait(lambda: any("there is no such file" in banner.label.text() for banner in window.toasts.banners()))


def test_a_worker_that_is_killed_is_one_message_with_what_to_do(window: MainWindow, wait: Any) -> None:
    run_named(window, "hold")
    wait(lambda: window.session.queue.local_runs)
    os.kill(window.session.queue.local_runs[0].pid or 0, signal.SIGKILL)
    wait(lambda: window.session.queue.active is None and window.toasts.banners())
    (banner,) = window.toasts.banners()
    assert banner.label.text() == (
        "Run 1 was interrupted: its process was killed (SIGKILL), which the system does when memory runs out. "
        "It can be resumed from its last checkpoint, now or later from Runs."
    )
    child(window, "message-error-resume").click()
    assert window.toasts.banners() == []
    wait(lambda: window.session.queue.local_runs)
    assert window.session.queue.local_runs[0].id == 1
    child(window, "stop").click()
    wait(lambda: window.session.queue.active is None)


def test_a_worker_that_is_killed_with_several_runs_is_one_message(window: MainWindow, wait: Any) -> None:
    spec = window.session.document.spec
    assert spec is not None
    members = study_members(spec.model_copy(update={"name": "hold"}), (0, 1, 2), baselines=False)
    window.session.queue.start_study(members, together=True)
    wait(lambda: len(window.session.queue.local_runs) == 3)
    os.kill(window.session.queue.local_runs[0].pid or 0, signal.SIGKILL)
    wait(lambda: any(one.objectName() == "message-error" for one in window.toasts.banners()))
    (told,) = [one.label.text() for one in window.toasts.banners() if one.objectName() == "message-error"]
    assert told.startswith("Runs 1 to 3 were interrupted: its process was killed (SIGKILL)")
    window.session.queue.resume_run(2)  # from elsewhere
    wait(lambda: window.session.queue.local_runs)
    assert all(banner.label.text() != told for banner in window.toasts.banners())
    child(window, "stop").click()
    wait(lambda: window.session.queue.active is None)


def test_the_same_error_is_shown_once_and_can_be_dismissed(window: MainWindow) -> None:
    for _ in range(3):
        window.session.show_error("something is wrong")
    (banner,) = window.toasts.banners()
    banner.dismiss()
    assert window.toasts.banners() == []
    assert not window.toasts.isVisible()


def test_the_device_of_the_next_run_is_shown(window: MainWindow, wait: Any) -> None:
    wait(lambda: child(window, "device").text() == "CPU · test")


def test_a_theme_chosen_by_hand_is_kept(window: MainWindow, qapp: QApplication) -> None:
    window._choose_theme("dark")  # type: ignore[arg-type]
    assert window.session.settings.get("window/theme") == "dark"
    apply_theme(qapp, "light")


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_control_of_the_bar_has_a_name_for_those_who_do_not_see(
    window: MainWindow, mode: str, qapp: QApplication
) -> None:
    apply_theme(qapp, mode)
    window.grab()
    for name in ("run", "pause", "stop", "undo", "redo", "file-menu", "rail-data", "rail-compare"):
        assert child(window, name).accessibleName(), name
    apply_theme(qapp, "light")


def test_help_opens_at_the_page_shown_and_closes_with_the_window(window: MainWindow, qtbot: QtBot) -> None:
    window.open_page(Page.TRAINING)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    found = child(window, "help")
    assert found.isVisible()
    assert child(window, "help-topics").currentItem().text() == "Training"
    window.open_page(Page.LIVE)
    child(window, "rail-help").click()
    assert child(window, "help-topics").currentItem().text() == "Live"
    window.close_now()
    assert not found.isVisible()


def test_the_window_validates_an_edit_once_whatever_pages_show_it(
    window: MainWindow, validations: list[Any], wait: Any
) -> None:
    for page in Page:
        window.session.open_page(page)
    wait(lambda: not window.session._question_timer.isActive())
    validations.clear()
    window.session.document.set("model.shared[1].out_features", 7)
    wait(lambda: not window.session._question_timer.isActive())
    assert len(validations) == 1
