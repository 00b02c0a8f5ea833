"""The heat map and the curve of gradient conflict."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.pages.live.card_board import CardBoard
from app.plots import PlotTools, ticker
from mtl_core.store import Points, SeriesKey

TASKS = ("left", "right", "up")


def points(cosine: float = -0.5) -> dict[SeriesKey, Points]:
    found = {("total", "conflicts"): 0.4}
    for index, one in enumerate(TASKS):
        for other in TASKS[index + 1 :]:
            found |= {(one, f"cosine {other}"): cosine, (one, f"similarity {other}"): 0.75}
    return {SeriesKey(t, "train", f"gradient {name}"): Points.of([0, 10], [0.1, v]) for (t, name), v in found.items()}


@pytest.fixture
def board(qtbot: QtBot, plot_tools: PlotTools) -> Iterator[CardBoard]:
    made = CardBoard(plot_tools, TASKS)
    qtbot.addWidget(made)
    made.resize(1150, 620)
    made.show()
    yield made
    made.hide()
    qtbot.waitUntil(ticker().is_idle)


def test_it_is_hidden_and_nothing_moves_until_gradients_were_compared(board: CardBoard) -> None:
    board.grab()
    cards = (board.losses["left"], board.weights, board.log)
    before = [card.geometry() for card in cards]
    board.append({SeriesKey("left", "train", "gradient norm"): Points.of([1], [1.0])}, reset=False)
    assert not board.conflict.isVisible()
    board.grab()
    assert [card.geometry() for card in cards] == before
    board.append(points(), reset=False)
    assert board.conflict.isVisible()
    assert not board.sharing.isVisible()
    board.grab()
    assert [(c.y(), c.height()) for c in cards] == [(b.y(), b.height()) for b in before]


def test_the_newest_comparison_is_shown_with_the_curve_of_conflicts(board: CardBoard) -> None:
    board.append(points(), reset=False)
    card = board.conflict
    assert card.matrix.text_at(0, 1) == card.matrix.text_at(1, 0) == "−0.50"
    assert card.matrix.text_at(1, 1) == ""
    assert card.subtitle.full_text() == "40 % of pairs conflict"
    assert [key.metric for key in card.plot.curve_keys()] == ["gradient conflicts"]  # type: ignore[attr-defined]
    assert "left and right −0.5" in card.matrix.accessibleDescription()
    board.append(points(0.25), reset=False)
    assert card.matrix.text_at(0, 1) == "0.25"


def test_lengths_can_be_shown_instead_of_directions(board: CardBoard) -> None:
    board.append(points(), reset=False)
    board.conflict.choice.setCurrentIndex(1)
    assert board.conflict.matrix.text_at(0, 2) == "0.75"
    assert "similarity" in board.conflict.matrix.accessibleName()
    board.append(points(), reset=False)
    assert board.conflict.measure == "similarity"


def test_another_run_starts_without_the_card(board: CardBoard) -> None:
    board.append(points(), reset=False)
    board.reset(TASKS)
    assert not board.conflict.isVisible()
    assert not board.conflict.plot.curve_keys()


def test_cards_made_for_other_tasks_replace_those_before(board: CardBoard) -> None:
    board.append(points(), reset=False)
    board.reset(["a", "b"])
    key = SeriesKey("a", "train", "gradient cosine b")
    board.append({key: Points.of([0], [0.5])}, reset=False)
    assert board.conflict.matrix.text_at(1, 0) == "0.50"
    assert board.findChildren(type(board.conflict)) == [board.conflict]


def test_the_comparison_of_any_step_is_shown_and_the_newest_is_followed_again(qtbot: QtBot, board: CardBoard) -> None:
    card, steps = board.conflict, board.conflict.steps
    board.append(points(), reset=False)
    steps.slider.setValue(0)
    assert card.matrix.text_at(0, 1) == "0.10"
    assert card.subtitle.full_text() == "10 % of pairs conflict"
    later = {key: Points.of([20], [0.75]) for key in points()}
    board.append(later, reset=False)
    assert (card.matrix.text_at(0, 1), steps.label.text()) == ("0.10", "step 0")
    qtbot.keyClick(steps.slider, Qt.Key.Key_Right)
    assert (card.matrix.text_at(0, 1), steps.label.text()) == ("−0.50", "step 10")
    qtbot.mouseClick(steps.latest, Qt.MouseButton.LeftButton)
    assert (card.matrix.text_at(0, 1), steps.label.text()) == ("0.75", "step 20")
    board.reset(TASKS)
    assert steps.label.text() == ""


def test_lengths_by_block_are_those_of_the_same_step(board: CardBoard) -> None:
    card = board.conflict
    norms = {
        SeriesKey(task, "train", f"gradient norm{block}"): Points.of([0, 10], [1.0, 2.0 + place])
        for place, task in enumerate(TASKS)
        for block in ("", " shared.0")
    }
    board.append(points() | norms, reset=False)
    card.choice.setCurrentIndex(2)
    assert card.measure is None
    assert card.norms.isVisible()
    assert not card.matrix.isVisible()
    assert [card.norms.text_at(1, column) for column in range(3)] == ["2.000", "3.000", "4.000"]
    assert "shared.0: left 2.000, right 3.000" in card.norms.accessibleDescription()
    card.steps.slider.setValue(0)
    assert [card.norms.text_at(0, column) for column in range(3)] == ["1.000"] * 3
    card.choice.setCurrentIndex(0)
    assert card.matrix.isVisible()
    assert card.matrix.text_at(0, 1) == "0.10"


def test_the_wheel_over_the_choice_scrolls_the_page(board: CardBoard) -> None:
    board.append(points(), reset=False)
    choice = board.conflict.choice
    buttons, keys, phase = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120), buttons, keys, phase, False)
    QApplication.sendEvent(choice, event)
    assert choice.currentIndex() == 0


def test_main_cards_fit_the_page_again_after_a_narrow_window(board: CardBoard, qtbot: QtBot) -> None:
    board.append(points(), reset=False)
    board.resize(500, 620)
    qtbot.waitUntil(lambda: board._grid.columns == 1 and board._main_rows.height() > 620)
    board.resize(1150, 620)
    qtbot.waitUntil(lambda: board._grid.columns > 1 and board._main_rows.height() == 620)
