"""Recovery of unsaved edits after a crash of the window; none after an orderly exit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.widgets import Banner
from mtl_core.spec import load_preset, load_spec, save_spec
from tests.app.conftest import Answers

Open = Callable[[], MainWindow]


@pytest.fixture
def open_window(make_window: Open, tmp_path: Path) -> Open:
    """Opens windows on the same file."""
    file = tmp_path / "mine.yaml"
    save_spec(load_preset("multidigits"), file)

    def make() -> MainWindow:
        window = make_window()
        assert window.files.load(file)
        window.show()
        return window

    return make


def offers(window: MainWindow) -> list[Banner]:
    return [banner for banner in window.toasts.banners() if banner.objectName() == "message-offer"]


def answer(window: MainWindow, wait: Any, label: str) -> None:
    wait(lambda: offers(window))
    link = offers(window)[0].findChild(QPushButton, f"message-offer-{label}")
    assert isinstance(link, QPushButton)
    link.click()


def drafts(home: Path) -> list[Path]:
    return list((home / "unsaved").glob("*.json"))


def test_edits_are_given_back_after_the_window_was_ended(open_window: Open, wait: Any, home: Path) -> None:
    first = open_window()
    first.session.document.set("training.epochs", 7)
    first.close_now()
    second = open_window()
    assert second.session.document.get("training.epochs") == 20
    answer(second, wait, "restore")
    assert second.session.document.get("training.epochs") == 7
    assert second.session.document.dirty
    assert offers(second) == []
    second.files.save()
    assert load_spec(second.session.document.path or "").training.epochs == 7
    wait(lambda: not drafts(home))


def test_edits_are_kept_a_moment_after_they_were_made(
    open_window: Open, wait: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.main_window.recovery.KEEP_MS", 10)
    window = open_window()
    window.session.document.set("training.epochs", 7)
    wait(lambda: drafts(home))
    window.session.document.undo_stack.undo()
    wait(lambda: not list((home / "unsaved").iterdir()))  # the draft, then its lock


def test_edits_given_up_on_closing_are_not_offered(
    open_window: Open, answers: Answers, home: Path, qtbot: QtBot
) -> None:
    first = open_window()
    first.session.document.set("training.epochs", 7)
    answers.choice = "Discard the edits"
    assert first.close()
    assert drafts(home) == []


def test_discarded_edits_are_not_offered_again(open_window: Open, wait: Any, home: Path) -> None:
    first = open_window()
    first.session.document.set("training.epochs", 7)
    first.close_now()
    second = open_window()
    answer(second, wait, "discard")
    assert offers(second) == []
    wait(lambda: not drafts(home))
    assert second.session.document.get("training.epochs") == 20


def test_an_offer_that_is_dismissed_or_not_answered_comes_again(open_window: Open, wait: Any) -> None:
    first = open_window()
    first.session.document.set("training.epochs", 7)
    first.close_now()
    second = open_window()
    wait(lambda: offers(second))
    offers(second)[0].dismiss()
    second.close_now()
    third = open_window()
    wait(lambda: offers(third))


def test_errors_do_not_push_an_offer_away(open_window: Open, wait: Any) -> None:
    first = open_window()
    first.session.document.set("training.epochs", 7)
    first.close_now()
    second = open_window()
    wait(lambda: offers(second))
    for number in range(6):
        second.session.show_error(f"error {number}")
    assert offers(second)
    assert len(second.toasts.banners()) == 4


def test_edits_made_before_the_answer_are_asked_about(open_window: Open, answers: Answers, wait: Any) -> None:
    first = open_window()
    first.session.document.set("training.epochs", 7)
    first.close_now()
    second = open_window()
    second.session.document.set("training.epochs", 9)
    answers.choice = "Cancel"
    answer(second, wait, "restore")
    assert answers.asked == ["Save the edits?"]
    assert second.session.document.get("training.epochs") == 9
    answers.choice = "Discard the edits"
    answer(second, wait, "restore")
    assert second.session.document.get("training.epochs") == 7


def test_several_windows_edits_are_offered_one_after_the_other(open_window: Open, answers: Answers, wait: Any) -> None:
    windows = [open_window(), open_window()]
    for number, window in enumerate(windows):
        window.session.document.set("name", f"edited {number}")
    for window in windows:
        window.close_now()
    third = open_window()
    wait(lambda: offers(third))
    assert "edited 1" in offers(third)[0].accessibleName()
    answer(third, wait, "discard")
    assert "edited 0" in offers(third)[0].accessibleName()
    answer(third, wait, "restore")
    assert third.session.document.name == "edited 0"
