"""The small widgets: texts, signals and accessibility."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.main_window.bars.toasts import Toasts
from app.theme import apply_theme
from app.widgets import (
    Banner,
    Button,
    Card,
    CardRow,
    Chip,
    DoubleSpinBox,
    Elided,
    EmptyState,
    InlineError,
    PageBody,
    SpinBox,
    WeightSlider,
)
from app.widgets.weight_slider import position_of, weight_at


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> None:
    apply_theme(qapp, "light")


@pytest.fixture
def slider(qtbot: QtBot) -> WeightSlider:
    slider = WeightSlider("left", 0)
    qtbot.addWidget(slider)
    slider.resize(400, 40)
    slider.show()
    return slider


def test_a_weight_of_one_stands_in_the_middle() -> None:
    assert position_of(1.0) == 500
    assert (position_of(0.0), position_of(5.0), position_of(80.0)) == (0, 1000, 1000)


@pytest.mark.parametrize("position", [0, 10, 250, 500, 730, 1000])
def test_a_position_survives_its_weight(position: int) -> None:
    assert position_of(weight_at(position)) == pytest.approx(position, abs=12)


def test_a_weight_set_by_program_is_not_announced(slider: WeightSlider, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(slider.valueChanged):
        slider.setValue(2.5)
    assert slider.value() == 2.5
    assert slider.slider.value() == position_of(2.5)


def test_a_slider_moved_by_key_announces_the_weight(slider: WeightSlider, qtbot: QtBot) -> None:
    with qtbot.waitSignal(slider.valueChanged) as caught:
        qtbot.keyClick(slider.slider, Qt.Key.Key_Right)
    assert caught.args == [pytest.approx(slider.value())]
    assert slider.value() > 1.0


def test_a_number_typed_moves_the_slider(slider: WeightSlider, qtbot: QtBot) -> None:
    slider.spin.selectAll()
    qtbot.keyClicks(slider.spin, "0.25")
    with qtbot.waitSignal(slider.valueChanged) as caught:
        qtbot.keyClick(slider.spin, Qt.Key.Key_Return)
    assert caught.args == [0.25]
    assert slider.slider.value() == position_of(0.25)


@pytest.mark.parametrize(("value", "text"), [(1.0, "1.00"), (0.945573, "0.946"), (12.5, "12.50"), (0.0004, "0.0004")])
def test_a_weight_is_written_with_the_digits_that_matter(slider: WeightSlider, value: float, text: str) -> None:
    slider.setValue(value)
    assert slider.spin.text() == text


def test_the_wheel_passes_over_a_field_without_focus(qtbot: QtBot) -> None:
    spin = SpinBox()
    qtbot.addWidget(spin)
    spin.show()
    buttons, keys, phase = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    spin.clearFocus()
    event = QWheelEvent(QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, 120), buttons, keys, phase, False)
    QApplication.sendEvent(spin, event)
    assert spin.value() == 0


def test_a_number_has_room_for_its_digits(qtbot: QtBot) -> None:
    spin = SpinBox()
    qtbot.addWidget(spin)
    spin.resize(80, 32)
    spin.show()
    assert spin.lineEdit().width() > 70


def test_a_spin_box_has_room_for_the_longer_of_its_bounds(qtbot: QtBot) -> None:
    spin = DoubleSpinBox()
    qtbot.addWidget(spin)
    spin.setRange(0.1, 98)
    spin.setDecimals(1)
    spin.setSuffix(" %")
    spin.show()
    spin.adjustSize()
    assert spin.lineEdit().width() >= spin.fontMetrics().horizontalAdvance("98.0 %") + 12
    assert spin.minimumSizeHint() == spin.sizeHint()


def test_a_text_too_long_is_cut_and_kept_as_tooltip(qtbot: QtBot) -> None:
    label = Elided("a name that is much longer than its place")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert label.text().endswith("…")
    assert label.toolTip() == label.full_text() == "a name that is much longer than its place"
    label.resize(800, 20)
    assert label.text() == label.full_text()
    assert label.toolTip() == ""


def test_an_inline_error_shows_the_fix_as_a_link_and_hides_without_words(qtbot: QtBot) -> None:
    fixed: list[str] = []
    error = InlineError("needs 4-D", "Use BatchNorm1d", lambda: fixed.append("done"))
    qtbot.addWidget(error)
    error.show()
    qtbot.mouseClick(error.link, Qt.MouseButton.LeftButton)
    assert fixed == ["done"]
    error.set_error("")
    assert not error.isVisible()


def test_an_empty_page_offers_its_one_action(qtbot: QtBot) -> None:
    done: list[int] = []
    empty = EmptyState("activity", "No run yet", "Curves appear here.", "Run", lambda: done.append(1))
    qtbot.addWidget(empty)
    empty.show()
    assert empty.action is not None
    qtbot.mouseClick(empty.action, Qt.MouseButton.LeftButton)
    assert done == [1]


def test_a_banner_is_dismissed_by_its_button(qtbot: QtBot) -> None:
    banner = Banner("Something failed")
    qtbot.addWidget(banner)
    banner.show()
    with qtbot.waitSignal(banner.dismissed):
        banner.dismiss()
    assert banner.isHidden()


def test_cards_stand_in_a_column_in_a_narrow_window(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    row = CardRow(page)
    for title in ("one", "two"):
        row.add(Card(title))
    first, second = row.findChildren(Card)
    page.resize(1300, 600)
    row.resize(1300, 600)
    page.show()
    qtbot.waitUntil(lambda: first.y() == second.y() and first.x() < second.x())
    page.resize(900, 600)
    row.resize(900, 600)
    qtbot.waitUntil(lambda: first.x() == second.x() and first.y() < second.y())


def test_a_card_names_itself_for_those_who_do_not_see(qtbot: QtBot) -> None:
    card = Card("Loss weights", "now")
    qtbot.addWidget(card)
    assert card.accessibleName() == "Loss weights"
    card.set_title("Weights")
    assert card.accessibleName() == "Weights"


def test_a_page_and_a_chip_can_be_drawn_in_both_schemes(qtbot: QtBot, qapp: QApplication) -> None:
    page = PageBody("Live", scroll=True)
    qtbot.addWidget(page)
    page.header.add_chip(Chip("Run 12 · 실행", dot=1))
    page.header.add_action(QLabel("x"))
    page.show()
    light = page.grab().toImage()
    apply_theme(qapp, "dark")
    assert page.grab().toImage() != light
    apply_theme(qapp, "light")


def test_an_empty_page_shows_all_its_words_where_they_wrap(qtbot: QtBot) -> None:
    state = EmptyState("table", "Nothing yet", "These words are many more than fit on one line of a narrow card.")
    qtbot.addWidget(state)
    state.resize(220, 400)
    state.show()
    assert state.text.height() >= state.text.heightForWidth(state.text.width())
    assert state.text.height() > 2 * state.text.fontMetrics().height()


def test_a_button_shows_its_focus_only_when_a_key_gave_it(qtbot: QtBot) -> None:
    button = Button("Go on")
    qtbot.addWidget(button)
    button.show()
    for reason, ring in ((Qt.FocusReason.MouseFocusReason, False), (Qt.FocusReason.TabFocusReason, True)):
        QApplication.sendEvent(button, QFocusEvent(QEvent.Type.FocusIn, reason))
        assert bool(button.property("ring")) is ring


def test_a_button_that_waits_hands_its_focus_to_no_field(qtbot: QtBot) -> None:
    window = QWidget()
    column = QVBoxLayout(window)
    button, field = Button("Predict"), QLineEdit()
    column.addWidget(button)
    column.addWidget(field)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    button.setFocus()
    button.setEnabled(False)
    assert not field.hasFocus()
    button.setEnabled(True)
    assert button.hasFocus()
    button.setEnabled(False)
    field.setFocus()
    button.setEnabled(True)
    assert field.hasFocus()


def test_every_message_shows_all_its_lines(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(700, 500)
    toasts = Toasts()
    column = QVBoxLayout(host)
    column.addStretch(1)
    column.addWidget(toasts)
    host.show()
    for number in range(3):
        toasts.show_error(f"Run {number} was interrupted: its process is gone, and its last checkpoint is kept.")
    for banner in toasts.banners():
        QApplication.processEvents()
        assert banner.label.height() >= banner.label.heightForWidth(banner.label.width())
