"""Messages in the window: they cover nothing, can be dismissed, and disappear after some time."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.main_window.bars import toasts

Wait = Callable[..., None]


@pytest.fixture
def window(make_window: Callable[[], MainWindow], qtbot: QtBot) -> MainWindow:
    window = make_window()
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def area(window: MainWindow, widget: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


@pytest.mark.parametrize("size", [(1280, 800), (853, 533)])
def test_messages_cover_neither_page_nor_bars(window: MainWindow, wait: Wait, size: tuple[int, int]) -> None:
    window.resize(*size)
    window.session.show_error("The first thing went wrong, which takes some words to say. " * 4)
    window.session.show_message("Done.")
    banners = window.toasts.banners()
    wait(lambda: all(area(window, window.toasts).contains(area(window, banner)) for banner in banners))
    here = area(window, window.toasts)
    for other in (window.stack, window.rail, window.top, window.status):
        assert not here.intersects(area(window, other))
    for banner in banners:
        assert banner.label.height() >= banner.label.heightForWidth(banner.label.width())


def test_the_page_has_its_room_back_when_messages_are_gone(window: MainWindow, wait: Wait) -> None:
    height = window.stack.height()
    window.session.show_error("something is wrong")
    wait(lambda: window.stack.height() < height)
    window.toasts.banners()[0].dismiss()
    wait(lambda: window.stack.height() == height)


def test_an_error_leaves_when_it_has_been_read(window: MainWindow, wait: Wait, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toasts, "ERROR_SHOWN_MS", 20)
    window.session.show_error("something is wrong")
    assert window.toasts.banners()
    wait(lambda: not window.toasts.banners())


def test_an_error_that_something_can_be_done_about_stays(
    window: MainWindow, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toasts, "ERROR_SHOWN_MS", 20)
    window.toasts.show_error("Run 1 was interrupted.", {"Resume": lambda _banner: None})
    window.session.show_error("something is wrong")
    wait(lambda: len(window.toasts.banners()) == 1)
    assert window.toasts.banners()[0].label.text() == "Run 1 was interrupted."


def test_an_error_waits_for_somebody_to_read_it(
    window: MainWindow, qtbot: QtBot, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toasts, "ERROR_SHOWN_MS", 20)
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    qtbot.waitUntil(lambda: not window.isActiveWindow())
    banner = window.toasts.show_error("something is wrong")
    (timer,) = banner.findChildren(toasts._DismissTimer)
    rings: list[int] = []
    timer.timeout.connect(lambda: rings.append(1))
    wait(lambda: len(rings) > 2)
    assert window.toasts.banners() == [banner]
    window.activateWindow()
    wait(lambda: not window.toasts.banners())
