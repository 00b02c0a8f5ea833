"""The buttons of the top bar: Run, Pause and Stop."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.jobs.runs import run_launcher
from app.main_window import MainWindow
from app.navigation import Page
from mtl_core.store import open_store


def child(window: MainWindow, name: str) -> Any:
    found = window.findChild(QWidget, name)
    assert found is not None, name
    return found


def name_experiment(window: MainWindow, name: str) -> None:
    window.session.document.set("name", name)


def messages(window: MainWindow) -> list[str]:
    return [banner.label.text() for banner in window.toasts.banners()]


def test_a_run_that_must_wait_is_queued_in_so_many_words_and_pressed_twice_it_is_one(
    window: MainWindow, wait: Any, home: Path
) -> None:
    name_experiment(window, "hold")
    child(window, "run").click()
    wait(lambda: window.session.queue.live_runs)
    name_experiment(window, "quick")
    child(window, "run").click()
    child(window, "run").click()
    wait(lambda: "Run 2 is queued, behind 1 other." in messages(window))
    assert window.session.queue.waiting_runs == (2,)
    child(window, "stop").click()
    wait(lambda: window.session.queue.active is None)
    assert not [text for text in messages(window) if "queued" in text]
    with open_store(home / "runs.sqlite") as store:
        assert len(store.runs(archived=True)) == 2


def test_a_press_that_is_repeated_while_a_run_is_checked_says_so(
    window: MainWindow, wait: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_launcher, "DOUBLE_PRESS_SECONDS", 0.0)
    name_experiment(window, "checked-late")
    child(window, "run").click()
    wait(lambda: window.session.queue.waiting_runs == (1,))
    child(window, "run").click()
    assert messages(window) == ["Pressed twice: run 1 of it is being checked. This press adds no run."]
    (home / "go").touch()
    wait(lambda: window.session.queue.active is None)


def test_a_key_that_is_held_down_starts_one_run(window: MainWindow, wait: Any, home: Path) -> None:
    name_experiment(window, "quick")
    for repeated in (False, True, True, True):
        press = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier, "", repeated)
        QApplication.sendEvent(window, press)
    assert not window.actions_.run.autoRepeat()
    assert window.actions_.undo.autoRepeat()


def test_pause_and_stop_say_which_run_they_mean(window: MainWindow, wait: Any) -> None:
    assert (child(window, "pause").text(), child(window, "stop").text()) == ("Pause", "Stop")
    name_experiment(window, "hold")
    child(window, "run").click()
    wait(lambda: child(window, "stop").text() == "Stop run 1" and child(window, "pause").text() == "Pause run 1")
    name_experiment(window, "hold-2")
    child(window, "run").click()
    wait(lambda: window.session.live_run == 2)
    assert child(window, "stop").text() == "Stop run 1"  # run 2 is shown, but waits
    child(window, "stop").click()
    wait(lambda: child(window, "stop").text() == "Stop run 2" and window.session.queue.live_runs)
    child(window, "stop").click()
    wait(lambda: window.session.queue.active is None)
    assert child(window, "stop").text() == "Stop"
    wait(lambda: not any("stops after" in banner.accessibleName() for banner in window.toasts.banners()))


def test_a_run_that_cannot_run_is_withdrawn_and_the_reason_shown_at_its_page(
    window: MainWindow, wait: Any, home: Path
) -> None:
    window.session.request_study([0], baselines=True)
    wait(lambda: window.session.queue.active is not None)
    name_experiment(window, "faulty")
    window.session.request_study([0], baselines=True)
    wait(lambda: any("Model › shared 1: cannot be built" in text for text in messages(window)))
    assert window.current_page() == Page.MODEL
    assert not any("failed" in text for text in messages(window))
    with open_store(home / "runs.sqlite") as store:
        wait(lambda: [run.state for run in store.runs()] == ["finished"] * 3)


def test_a_run_that_is_removed_from_the_queue_is_not_said_to_have_learned(window: MainWindow, wait: Any) -> None:
    name_experiment(window, "checked-late")
    child(window, "run").click()
    wait(lambda: child(window, "stop").text() == "Remove run 1")
    child(window, "stop").click()
    wait(lambda: messages(window) == ["Run 1 was taken out of the queue."])
