"""The slider over recorded steps."""

import math

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.pages.live.step_slider import StepSlider

STEPS = np.array([0.0, 10.0, 20.0, 1200.0])


@pytest.fixture
def steps(qtbot: QtBot) -> StepSlider:
    made = StepSlider("the comparison", "test")
    qtbot.addWidget(made)
    made.show()
    return made


def test_without_steps_there_is_nothing_to_move(steps: StepSlider) -> None:
    assert (steps.follows, steps.step, steps.label.text()) == (True, math.inf, "")
    assert not steps.slider.isEnabled()
    steps.follow()
    assert steps.step == math.inf


def test_the_newest_step_is_followed_until_an_earlier_one_is_selected(qtbot: QtBot, steps: StepSlider) -> None:
    steps.set_steps(STEPS[:3])
    assert (steps.follows, steps.slider.value(), steps.label.text()) == (True, 2, "step 20")
    with qtbot.waitSignal(steps.stepChanged):
        steps.slider.setValue(1)
    assert (steps.follows, steps.step) == (False, 10.0)
    steps.set_steps(STEPS)
    assert (steps.follows, steps.step, steps.slider.value()) == (False, 10.0, 1)
    with qtbot.waitSignal(steps.stepChanged):
        qtbot.mouseClick(steps.latest, Qt.MouseButton.LeftButton)
    assert (steps.follows, steps.step, steps.slider.value()) == (True, math.inf, 3)
    qtbot.mouseClick(steps.latest, Qt.MouseButton.LeftButton)
    assert steps.follows


def test_keys_move_by_one_step_and_to_the_ends(qtbot: QtBot, steps: StepSlider) -> None:
    steps.set_steps(STEPS)
    for key, step, follows in (
        (Qt.Key.Key_Left, 20.0, False),
        (Qt.Key.Key_Home, 0.0, False),
        (Qt.Key.Key_Right, 10.0, False),
        (Qt.Key.Key_End, math.inf, True),
    ):
        qtbot.keyClick(steps.slider, key)
        assert (steps.step, steps.follows) == (step, follows)
    assert steps.slider.accessibleDescription() == steps.label.text() == "step 1\u202f200"


def test_another_run_is_followed_from_its_newest_step(steps: StepSlider) -> None:
    steps.set_steps(STEPS)
    steps.slider.setValue(0)
    steps.clear()
    steps.set_steps(STEPS[:2])
    assert (steps.follows, steps.slider.value()) == (True, 1)


def test_a_step_that_a_resumed_run_has_not_reached_again_gives_way_to_the_newest(steps: StepSlider) -> None:
    steps.set_steps(STEPS)
    steps.slider.setValue(2)
    steps.set_steps(STEPS[:2])
    assert (steps.slider.value(), steps.follows) == (1, True)
