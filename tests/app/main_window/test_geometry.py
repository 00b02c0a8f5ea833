"""The geometry of the window: it fits its screen, at the first start and at later ones."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.main_window.bars.rail import RailButton
from app.main_window.geometry import available_size, keep_on_screen
from app.navigation import Page
from app.session import Session


def test_a_new_window_has_available_size_the_screen(qtbot: QtBot) -> None:
    window = MainWindow(Session())
    screen = window.screen().availableGeometry()
    assert window.size() == available_size(window.screen()).boundedTo(QSize(1280, 800))
    assert (window.width() < screen.width(), window.height() < screen.height()) == (True, True)
    window.close_now()
    window.deleteLater()


@pytest.mark.parametrize(
    ("x", "y", "width", "height"), [(0, 0, 3000, 2000), (700, 700, 400, 300), (-90, -50, 500, 400)]
)
def test_a_window_left_on_a_larger_screen_is_brought_back(
    qtbot: QtBot, x: int, y: int, width: int, height: int
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setGeometry(x, y, width, height)
    keep_on_screen(window)
    assert window.screen().availableGeometry().contains(window.geometry())
    assert window.width() == min(width, available_size(window.screen()).width())


def test_a_window_with_room_stays_where_it_was(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setGeometry(100, 120, 500, 400)
    keep_on_screen(window)
    assert (window.x(), window.y(), window.width(), window.height()) == (100, 120, 500, 400)


def test_the_window_of_an_earlier_start_has_room(make_window: Callable[[], MainWindow]) -> None:
    first = make_window()
    first.resize(2400, 1600)
    first.close_now()
    again = MainWindow(Session(settings=first.session.settings))
    assert again.screen().availableGeometry().contains(again.geometry())
    again.close_now()
    again.deleteLater()


def test_every_page_is_usable_on_a_small_screen_at_scale_one_and_a_half(
    make_window: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    window = make_window()
    window.resize(853, 500)
    window.show()
    for page in Page:
        window.open_page(page)
        assert (window.width(), window.height()) == (853, 500)
        widget = window.page(page)
        assert widget.minimumSizeHint().width() <= window.stack.width(), page
        assert window.status.isVisible()
        assert window.status.geometry().bottom() <= window.height()


def test_the_rail_has_room_in_the_lowest_window(make_window: Callable[[], MainWindow]) -> None:
    window = make_window()
    window.show()
    window.resize(window.minimumSize())
    buttons = window.rail.findChildren(RailButton)
    assert len(buttons) == len(Page) + 1  # and the one of the help
    for above, below in pairwise(buttons):
        assert above.geometry().bottom() < below.geometry().top()
    assert buttons[-1].geometry().bottom() < window.rail.height()
