"""The queue of steps, which does its work in slices between events."""

import time

from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from app.widgets import StepQueue


def test_steps_run_in_order_and_the_last_of_a_key_replaces_those_before(qtbot: QtBot) -> None:
    owner = QObject()
    steps, done = StepQueue(owner), list[str]()
    for key, text in (("a", "old a"), ("b", "b"), ("a", "a")):
        steps.put(key, lambda text=text: done.append(text))
    assert not done
    qtbot.waitUntil(steps.is_empty)
    assert done == ["b", "a"]


def test_other_events_are_handled_between_slices(qtbot: QtBot) -> None:
    owner = QObject()
    steps, done = StepQueue(owner), list[object]()

    def busy_step(number: int) -> None:
        done.append(number)
        end = time.perf_counter() + 0.01
        while time.perf_counter() < end:
            pass

    for number in range(3):
        steps.put(number, lambda number=number: busy_step(number))
    QTimer.singleShot(0, owner, lambda: done.append("event"))
    qtbot.waitUntil(lambda: len(done) == 4)
    assert done.index("event") < 3


def test_a_step_that_fails_keeps_none_of_the_others_from_running(qtbot: QtBot) -> None:
    owner = QObject()
    steps, done = StepQueue(owner), list[str]()

    def fail() -> None:
        raise RuntimeError("a bug")

    steps.put("bad", fail)
    steps.put("good", lambda: done.append("good"))
    with qtbot.captureExceptions() as exceptions:
        qtbot.waitUntil(lambda: done == ["good"])
    assert [str(error) for _, error, _ in exceptions] == ["a bug"]
