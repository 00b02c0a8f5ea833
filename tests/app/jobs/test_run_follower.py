"""The follower of a run: new points, events and states from the store."""

from itertools import count
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.jobs import RunFollower, StoreService
from app.jobs.runs.run_follower import VISIBLE_MS
from mtl_core.protocol.events import EpochEvent
from mtl_core.store import Points, SeriesKey

KEY = SeriesKey("left", "train", "loss")


def _append(first: int, count: int) -> Any:
    steps = np.arange(first, first + count)
    return lambda store: store.append(1, {KEY: Points(steps, steps / 10)})


class Heard:
    """What a follower delivered."""

    def __init__(self, follower: RunFollower) -> None:
        self.steps: list[int] = []
        self.resets = 0
        self.events: list[str] = []
        self.states: list[str] = []
        follower.points.connect(self.take_points)
        follower.events.connect(lambda events: self.events.extend(event.message for event in events))
        follower.record.connect(lambda record: self.states.append(record.state))

    def take_points(self, points: Any, reset: bool) -> None:
        if reset:
            self.steps.clear()
            self.resets += 1
        if KEY in points:
            self.steps += points[KEY].steps.tolist()


@pytest.fixture
def follower(store: StoreService, spec_named: Any, qtbot: QtBot) -> RunFollower:
    store.call(lambda s: s.create_run(spec_named("followed")))
    return RunFollower(store)


def test_what_was_written_before_and_after_is_delivered_once(
    follower: RunFollower, store: StoreService, wait: Any
) -> None:
    heard = Heard(follower)
    store.call(_append(1, 3))
    store.call(lambda s: follower, lambda f: f.follow(1))
    wait(lambda: heard.steps == [1, 2, 3])
    store.call(_append(4, 2))
    store.call(lambda s: s.add_event(1, EpochEvent(step=5, message="epoch 1")))
    wait(lambda: heard.steps == [1, 2, 3, 4, 5] and heard.events == ["epoch 1"])
    assert heard.resets == 1
    follower.follow(None)


def test_points_dropped_by_going_back_are_replaced(follower: RunFollower, store: StoreService, wait: Any) -> None:
    heard = Heard(follower)
    store.call(_append(1, 6))
    store.call(lambda s: follower, lambda f: f.follow(1))
    wait(lambda: len(heard.steps) == 6)
    store.call(lambda s: s.rewind(1, 4))
    wait(lambda: heard.steps == [1, 2, 3, 4])
    assert heard.resets == 2
    follower.follow(None)


def test_a_change_of_state_is_told(follower: RunFollower, store: StoreService, wait: Any) -> None:
    heard = Heard(follower)
    store.call(lambda s: follower, lambda f: f.follow(1))
    wait(lambda: heard.states == ["queued"])
    store.call(lambda s: s.finish(1, "stopped"))
    wait(lambda: heard.states == ["queued", "stopped"])
    follower.follow(None)


def test_a_hidden_follower_looks_less_often(follower: RunFollower, store: StoreService, wait: Any) -> None:
    heard = Heard(follower)
    store.call(lambda s: follower, lambda f: f.follow(1))
    wait(lambda: heard.states)
    wait(lambda: follower._timer.interval() == VISIBLE_MS)
    follower.set_visible(False)
    assert follower._timer.interval() == 1000
    follower.follow(None)
    assert not follower._timer.isActive()


def test_a_run_that_does_not_exist_is_told_as_an_error(follower: RunFollower, qtbot: QtBot) -> None:
    with qtbot.waitSignal(follower.failed, timeout=60_000) as caught:
        follower.follow(99)
    assert "99" in str(caught.args[0])
    follower.follow(None)


def test_following_rests_when_it_takes_more_of_the_machine_than_its_share(
    follower: RunFollower, store: StoreService, wait: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard(follower)
    store.call(lambda s: follower, lambda f: f.follow(1))
    wait(lambda: heard.states)
    monkeypatch.setattr("app.jobs.runs.run_follower.os.cpu_count", lambda: 2)
    spent = iter(count(follower._cpu_seconds + 0.02, 0.02))
    monkeypatch.setattr("app.jobs.runs.run_follower.time.process_time", lambda: next(spent))
    wait(lambda: follower._timer.interval() == 800)  # 20 ms are 1.25 % of two cores in 0.8 s
    monkeypatch.setattr("app.jobs.runs.run_follower.time.process_time", lambda: 0.0)
    wait(lambda: follower._timer.interval() == VISIBLE_MS)
    follower.follow(None)


def test_an_error_that_comes_late_is_not_that_of_the_run_followed_since(
    follower: RunFollower, store: StoreService, wait: Any
) -> None:
    heard, errors = Heard(follower), list[Exception]()
    follower.failed.connect(errors.append)
    store.call(lambda s: follower, lambda f: (f.follow(99), f.follow(1)))  # there is no run 99
    wait(lambda: heard.states == ["queued"])
    assert errors == []
    store.call(lambda s: follower, lambda f: f.follow(99))
    wait(lambda: errors)
    follower.follow(None)
