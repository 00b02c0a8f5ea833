"""Notifications of runs that have ended, by a notifier that keeps what it is to show."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction

from app.main_window import MainWindow, notifications
from app.main_window.end_texts import EndText
from app.main_window.notifications import EndNotifications, TrayNotifier
from app.navigation import Page
from app.settings import Settings

TEXT = EndText("Run 1 has finished", "houses", 1, False)


class Notifier:
    """Keeps notifications; ``press`` presses the last one."""

    def __init__(self) -> None:
        self.texts: list[EndText] = []
        self.press: Callable[[], object] = lambda: None
        self.withdrawn = 0

    def notify(self, text: EndText, on_click: Callable[[], object]) -> None:
        self.texts.append(text)
        self.press = on_click

    def withdraw(self) -> None:
        self.withdrawn += 1

    @property
    def titles(self) -> list[str]:
        return [text.title for text in self.texts]


@pytest.fixture
def notifier(window: MainWindow) -> Notifier:
    """What a person who works in another window is notified of."""
    notifier = Notifier()
    EndNotifications(window.session, notifier, window._open_run, parent=window, is_active=lambda: False)
    return notifier


def _start(window: MainWindow, *names: str) -> None:
    for name in names:
        window.session.document.set("name", name)
        assert window.session.run()


def test_the_end_of_a_run_is_said_and_a_press_shows_it(window: MainWindow, notifier: Notifier, wait: Any) -> None:
    _start(window, "quick")
    wait(lambda: notifier.texts)
    assert notifier.texts == [EndText("Run 1 has finished", "quick", 1, False)]
    window.open_page(Page.DATA)
    window.showMinimized()
    notifier.press()
    assert (window.current_page(), window.session.live_run) == (Page.LIVE, 1)
    assert not window.isMinimized()


def test_a_run_whose_process_dies_is_said_to_be_interrupted(window: MainWindow, notifier: Notifier, wait: Any) -> None:
    _start(window, "die")
    wait(lambda: notifier.texts)
    assert notifier.texts[0].title == "Run 1 was interrupted"
    assert "its process ended with status 9" in notifier.texts[0].body
    assert notifier.texts[0].has_failure


def test_the_last_of_a_queue_says_how_all_ended(window: MainWindow, notifier: Notifier, wait: Any) -> None:
    _start(window, "hold", "quick")
    wait(lambda: window.session.queue.waiting_runs == (2,) and window.session.queue.live_runs)
    window.session.queue.stop(1)
    wait(lambda: len(notifier.texts) == 2)
    assert notifier.titles == ["Run 1 was stopped", "All 2 runs have ended"]
    assert notifier.texts[1].body == "1 finished, 1 stopped"


def test_a_study_is_one_notification(window: MainWindow, notifier: Notifier, wait: Any) -> None:
    window.session.document.set("name", "quick")
    assert window.session.run_study([0, 1, 2], baselines=False)
    wait(lambda: notifier.texts)
    assert notifier.texts == [EndText("Study 1 has ended", "3 finished", 3, False)]


def test_a_run_taken_out_of_the_queue_is_no_news(window: MainWindow, notifier: Notifier, wait: Any) -> None:
    _start(window, "hold", "quick")
    wait(lambda: window.session.queue.waiting_runs == (2,) and window.session.queue.live_runs)
    window.session.queue.stop(2)
    wait(lambda: not window.session.queue.waiting_runs and len(window.session.queue.live_runs) == 1)
    window.session.queue.stop(1)
    wait(lambda: notifier.texts)
    assert notifier.titles == ["Run 1 was stopped"]


def test_none_is_shown_while_the_window_is_active_or_once_they_are_off(
    window: MainWindow, notifier: Notifier, wait: Any
) -> None:
    in_front = Notifier()
    EndNotifications(window.session, in_front, window._open_run, parent=window, is_active=lambda: True)
    _start(window, "quick")
    wait(lambda: notifier.texts)
    window.actions_.notify.trigger()
    assert not window.actions_.notify.isChecked()
    assert Settings().get(notifications.SETTING) == "off"
    _start(window, "quick-2")
    wait(lambda: window.session.records._records.get(2) and window.session.records._records[2].has_ended)
    wait(lambda: window.session.queue.active is None)
    assert len(notifier.texts) == 1
    assert in_front.texts == []


def test_the_choice_is_kept_for_the_next_start(make_window: Callable[[], MainWindow]) -> None:
    first = make_window()
    assert first.actions_.notify.isChecked()
    first.actions_.notify.trigger()
    first.close_now()
    assert not make_window().actions_.notify.isChecked()


def test_what_is_left_of_a_notification_goes_when_the_window_is_used(window: MainWindow, notifier: Notifier) -> None:
    ends = next(
        child for child in window.children() if isinstance(child, EndNotifications) and child._notifier is notifier
    )
    ends._on_application_state(Qt.ApplicationState.ApplicationInactive)
    assert notifier.withdrawn == 0
    ends._on_application_state(Qt.ApplicationState.ApplicationActive)
    assert notifier.withdrawn == 1


class Tray(QObject):
    """Stands in for a tray, which the offscreen platform does not have."""

    messageClicked, activated = Signal(), Signal(int)
    MessageIcon = notifications.QSystemTrayIcon.MessageIcon
    made: "list[Tray]" = []  # noqa: RUF012  # emptied by the fixture
    is_there = True

    @classmethod
    def isSystemTrayAvailable(cls) -> bool:
        return cls.is_there

    def __init__(self, _icon: Any, parent: QObject) -> None:
        super().__init__(parent)
        self.shown: list[Any] = []
        self.is_visible = False
        Tray.made.append(self)

    def setToolTip(self, text: str) -> None:
        assert text

    def show(self) -> None:
        self.is_visible = True

    def hide(self) -> None:
        self.is_visible = False

    def showMessage(self, *message: Any) -> None:
        self.shown.append(message)


@pytest.fixture
def tray(monkeypatch: pytest.MonkeyPatch) -> type[Tray]:
    """A tray in place of the desktop's."""
    Tray.made.clear()
    monkeypatch.setattr(notifications, "QSystemTrayIcon", Tray)
    monkeypatch.setattr(Tray, "is_there", True)
    monkeypatch.setattr(notifications.QApplication, "applicationDisplayName", lambda: "MTL Workbench")
    return Tray


def test_the_tray_shows_the_text_and_passes_the_press_on(window: MainWindow, tray: type[Tray]) -> None:
    presses: list[int] = []
    notifier = TrayNotifier(window)
    assert tray.made == []  # no icon before there is something to say
    notifier.notify(TEXT, lambda: presses.append(1))
    notifier.notify(EndText("Run 2 failed", "no room", 2, True), lambda: presses.append(2))
    (icon,) = tray.made
    assert [message[:2] for message in icon.shown] == [("Run 1 has finished", "houses"), ("Run 2 failed", "no room")]
    assert [message[2] for message in icon.shown] == [Tray.MessageIcon.Information, Tray.MessageIcon.Warning]
    icon.messageClicked.emit()
    assert presses == [2]
    notifier.withdraw()
    assert not icon.is_visible
    icon.messageClicked.emit()
    assert presses == [2]


def test_without_a_tray_nothing_is_shown_and_nothing_fails(window: MainWindow, tray: type[Tray]) -> None:
    tray.is_there = False
    notifier = TrayNotifier(window)
    notifier.notify(TEXT, lambda: None)
    notifier.withdraw()
    assert tray.made == []


def test_the_menu_has_the_choice(window: MainWindow) -> None:
    texts = [action.text() for action in window._menu.actions() if isinstance(action, QAction)]
    assert "Notify when runs end" in texts
