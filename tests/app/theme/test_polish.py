"""A change of theme reaches every widget without restyling the application."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.theme import DARK, LIGHT, VisibleConnection, apply_theme, manager

Wait = Callable[..., None]


@pytest.fixture(autouse=True)
def light(qapp: QApplication) -> Iterator[None]:
    apply_theme(qapp, "light")
    yield
    apply_theme(qapp, "light")


class Counter(QObject):
    """Counts the events that make a widget and its layout work anew."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange)
        return False


def panel(qtbot: QtBot) -> tuple[QWidget, QFrame, QPushButton]:
    """A window with a card that holds a primary button."""
    window, card, button = QWidget(), QFrame(), QPushButton("Run")
    card.setProperty("role", "card")
    button.setProperty("role", "primary")
    card.setLayout(QVBoxLayout())
    card.layout().addWidget(button)
    window.setLayout(QVBoxLayout())
    window.layout().addWidget(card)
    window.resize(200, 120)
    qtbot.addWidget(window)
    return window, card, button


def color(widget: QWidget, x: int = 20, y: int = 6) -> str:
    return widget.grab().toImage().pixelColor(x, y).name().upper()


def test_what_is_seen_wears_the_new_colors_at_once(qapp: QApplication, qtbot: QtBot) -> None:
    window, card, button = panel(qtbot)
    window.show()
    assert (color(card), color(button)) == (LIGHT.surface, LIGHT.accent)
    apply_theme(qapp, "dark")
    assert (color(card), color(button)) == (DARK.surface, DARK.accent)


def test_what_is_hidden_wears_them_soon(qapp: QApplication, qtbot: QtBot) -> None:
    window, card, button = panel(qtbot)
    window.show()
    assert color(button) == LIGHT.accent
    window.hide()
    apply_theme(qapp, "dark")
    qtbot.waitUntil(lambda: (color(card), color(button)) == (DARK.surface, DARK.accent))


def test_what_is_shown_before_its_turn_wears_them_too(qapp: QApplication, qtbot: QtBot) -> None:
    window, card, button = panel(qtbot)
    window.show()
    assert color(button) == LIGHT.accent
    card.hide()
    apply_theme(qapp, "dark")
    card.show()  # no event was handled meanwhile
    assert (color(card), color(button)) == (DARK.surface, DARK.accent)


def test_a_field_is_written_in_the_new_color_and_marked_at_fault(qapp: QApplication, qtbot: QtBot) -> None:
    field = QLineEdit()
    field.setProperty("invalid", True)
    qtbot.addWidget(field)
    field.show()
    apply_theme(qapp, "dark")
    assert color(field) == DARK.error_wash
    assert field.palette().color(field.foregroundRole()) == QColor(DARK.text)


def test_no_widget_is_laid_out_anew(qapp: QApplication, qtbot: QtBot) -> None:
    window, card, button = panel(qtbot)
    window.show()
    sheet, counter = qapp.styleSheet(), Counter()
    for widget in (window, card, button):
        widget.installEventFilter(counter)
    apply_theme(qapp, "dark")
    assert qapp.styleSheet() == sheet
    assert counter.count == 0


def test_a_widget_that_is_gone_meanwhile_is_passed_over(qapp: QApplication, qtbot: QtBot) -> None:
    keep = QWidget()
    qtbot.addWidget(keep)
    lost = QWidget(keep)
    apply_theme(qapp, "dark")
    lost.deleteLater()
    del lost
    apply_theme(qapp, "light")
    apply_theme(qapp, "dark")
    qtbot.waitUntil(lambda: not [child for child in qapp.children() if type(child).__name__ == "_Later"])


def test_work_for_a_hidden_widget_waits_until_it_is_shown(qapp: QApplication, qtbot: QtBot) -> None:
    widget, calls = QWidget(), list[str]()
    qtbot.addWidget(widget)
    VisibleConnection(widget, manager().changed, lambda: calls.append("now"))
    apply_theme(qapp, "dark")
    apply_theme(qapp, "light")
    assert calls == []
    widget.show()
    assert calls == ["now"]
    apply_theme(qapp, "dark")
    assert calls == ["now"] * 2
