"""Launching runs: each has its row at once and is checked while it waits; a repeated request is one run."""

from pathlib import Path
from typing import Any

import pytest

from app.jobs import RunQueue
from app.jobs.runs import run_launcher
from mtl_core.spec import study_members
from mtl_core.store import open_store


def _states(home: Path) -> list[tuple[str, str]]:
    with open_store(home / "runs.sqlite") as store:
        return [(record.name, record.state) for record in reversed(store.runs())]


def test_rows_are_there_before_the_worker_has_answered_and_train_after_it_has(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    started: list[int] = []
    queue.created.connect(started.append)
    queue.start(spec_named("checked-late"))
    wait(lambda: started == [1])
    assert _states(home) == [("checked-late", "queued")]
    queue.start(spec_named("quick"))
    wait(lambda: queue.waiting_runs == (1, 2))
    assert _states(home) == [("checked-late", "queued"), ("quick", "queued")]
    (home / "go").touch()
    wait(lambda: _states(home) == [("checked-late", "finished"), ("quick", "finished")])


def test_a_run_that_was_checked_trains_while_a_later_one_is_still_being_checked(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    queue.start(spec_named("quick"))
    queue.start(spec_named("checked-late"))
    wait(lambda: _states(home) == [("quick", "finished"), ("checked-late", "queued")])
    (home / "go").touch()
    wait(lambda: _states(home)[1] == ("checked-late", "finished"))


def test_a_run_that_is_taken_out_of_the_queue_while_it_is_checked_never_trains(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    queue.start(spec_named("checked-late"))
    wait(lambda: queue.waiting_runs == (1,))
    queue.stop(1)
    wait(lambda: queue.active is None)
    (home / "go").touch()
    queue.start(spec_named("quick"))
    wait(lambda: _states(home) == [("checked-late", "stopped"), ("quick", "finished")])


def test_a_press_that_is_repeated_while_it_is_answered_makes_its_runs_once(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_launcher, "DOUBLE_PRESS_SECONDS", 0.0)
    repeats: list[list[int]] = []
    queue.repeated.connect(repeats.append)
    members = study_members(spec_named("checked-late"), (0, 1), baselines=True)
    for _ in range(2):
        queue.start_study(members)
    wait(lambda: len(queue.waiting_runs) == 6)
    queue.start_study(study_members(spec_named("checked-late"), (0, 1), baselines=True))
    assert repeats == [[], [1, 2, 3, 4, 5, 6]]
    (home / "go").touch()
    wait(lambda: [state for _, state in _states(home)] == ["finished"] * 6)
    queue.start_study(members)
    wait(lambda: len(_states(home)) == 12)


def test_a_double_click_makes_one_run_and_two_experiments_make_two(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_launcher, "DOUBLE_PRESS_SECONDS", 60.0)
    for name in ("quick", "quick", "quick-2"):
        queue.start(spec_named(name))
    wait(lambda: [state for _, state in _states(home)] == ["finished"] * 2)
    queue.start(spec_named("quick"))
    queue.start(spec_named("quick-3"))
    wait(lambda: ("quick-3", "finished") in _states(home))
    assert [name for name, _ in _states(home)] == ["quick", "quick-2", "quick-3"]


def test_of_a_double_click_nothing_is_said(queue: RunQueue, wait: Any, spec_named: Any, home: Path) -> None:
    repeats: list[list[int]] = []
    queue.repeated.connect(repeats.append)
    for _ in range(2):
        queue.start(spec_named("quick"))
    wait(lambda: [state for _, state in _states(home)] == ["finished"])
    assert repeats == []


def test_a_run_that_is_asked_twice_to_go_on_goes_on_once(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    queue.start(spec_named("hold"))
    wait(lambda: queue.live_runs)
    queue.stop(1)
    wait(lambda: queue.active is None)
    queue.resume_run(1)
    queue.resume_run(1)
    wait(lambda: queue.live_runs)
    assert queue.waiting_runs == ()
    queue.stop(1)
    wait(lambda: queue.active is None)
    assert (home / "asks.log").read_text().split().count("train") == 2


def test_runs_that_must_wait_or_are_several_are_told_of(queue: RunQueue, wait: Any, spec_named: Any) -> None:
    queued: list[list[int]] = []
    queue.queued.connect(queued.append)
    queue.start(spec_named("hold"))
    wait(lambda: queue.live_runs)
    assert queued == []
    queue.start(spec_named("quick"))
    wait(lambda: queued == [[2]])
    queue.start_study(study_members(spec_named("quick"), (0, 1), baselines=False))
    wait(lambda: queued == [[2], [3, 4]])
    queue.stop(1)
    wait(lambda: queue.active is None)
