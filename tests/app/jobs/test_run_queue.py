"""Runs one after the other, through a fake worker and a real store.

Covers: mtl_core/locations.py.
"""

import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.jobs import RunQueue, StoreService, Worker
from app.jobs.store.queue_queries import exit_message
from mtl_core.protocol.questions import CheckQuestion
from mtl_core.spec import study_members
from mtl_core.store import open_store


def _states(home: Path) -> dict[str, str]:
    with open_store(home / "runs.sqlite") as store:
        return {record.name: record.state for record in store.runs()}


def test_a_run_is_stored_trained_and_told_of(queue: RunQueue, wait: Any, spec_named: Any) -> None:
    started: list[int] = []
    told: list[Any] = []
    queue.created.connect(started.append)
    queue.runChanged.connect(told.append)
    queue.start(spec_named("quick"))
    wait(lambda: told and told[-1].has_ended)
    assert started == [1]
    assert (told[0].state, told[-1].state) == ("queued", "finished")
    assert queue.active is None


def test_the_end_of_a_run_is_told_once_though_it_is_seen_before_its_process_is_through(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    ends: list[int] = []
    queue.runChanged.connect(lambda record: ends.append(record.id) if record.has_ended else None)
    queue.start(spec_named("hold"))
    wait(lambda: queue.live_runs)
    process = queue.live_runs[0].pid
    with open_store(home / "runs.sqlite") as store:
        store.finish(1, "stopped")
    wait(lambda: ends)
    os.kill(process, signal.SIGKILL)
    queue.start(spec_named("quick"))
    wait(lambda: 2 in ends and queue.active is None)
    assert ends == [1, 2]


def test_one_run_trains_and_the_others_wait_their_turn(queue: RunQueue, wait: Any, spec_named: Any, home: Path) -> None:
    for name in ("hold-1", "hold-2", "quick"):
        queue.start(spec_named(name))
    wait(lambda: queue.active is not None and queue.active.state == "running" and len(queue.waiting_runs) == 2)
    assert queue.active is not None
    assert queue.active.name == "hold-1"
    queue.stop(1)
    wait(lambda: queue.active is not None and queue.active.name == "hold-2" and queue.active.state == "running")
    queue.stop(2)
    wait(lambda: queue.active is None)
    assert _states(home) == {"hold-1": "stopped", "hold-2": "stopped", "quick": "finished"}


def test_a_waiting_run_that_is_stopped_never_trains(queue: RunQueue, wait: Any, spec_named: Any, home: Path) -> None:
    queue.start(spec_named("hold"))
    queue.start(spec_named("quick"))
    wait(lambda: queue.waiting_runs == (2,) and queue.live_runs)
    queue.stop(2)
    queue.stop(1)
    wait(lambda: queue.active is None)
    assert _states(home) == {"hold": "stopped", "quick": "stopped"}


def test_pause_resume_and_weights_reach_the_run_as_requests(
    queue: RunQueue, wait: Any, spec_named: Any, store: StoreService
) -> None:
    queue.start(spec_named("hold"))
    wait(lambda: queue.live_runs)
    queue.pause(1)
    wait(lambda: queue.active is not None and queue.active.state == "paused")
    queue.resume(1)
    wait(lambda: queue.active is not None and queue.active.state == "running")
    queue.set_weights(1, {"left": 2.0})
    queue.stop(1)
    wait(lambda: queue.active is None)
    events: list[Any] = []
    store.call(lambda s: s.events(1), events.append)
    wait(lambda: events)
    assert [event.message for event in events[0]] == [f"asked to {k}" for k in ("pause", "resume", "weights", "stop")]
    assert events[0][2].data["weights"] == {"left": 2.0}


def test_a_process_that_dies_leaves_its_run_interrupted_and_the_next_one_starts(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    errors: list[Exception] = []
    ends: list[Any] = []
    queue.failed.connect(errors.append)
    queue.runChanged.connect(lambda record: ends.append((record.state, record.error)) if record.has_ended else None)
    queue.start(spec_named("die"))
    queue.start(spec_named("quick"))
    wait(lambda: queue.active is None and not queue.waiting_runs and _states(home).get("quick") == "finished")
    assert ends == [("interrupted", "its process ended with status 9"), ("finished", "")]
    assert errors == []  # it is told once, with the run


def test_a_process_that_dies_before_it_has_begun_leaves_no_run_waiting(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    queue.start(spec_named("never"))
    wait(lambda: _states(home).get("never") == "failed" and queue.active is None)
    with open_store(home / "runs.sqlite") as store:
        assert store.run(1).error == "its process ended with status 7: no room"


def test_a_run_that_is_killed_by_hand_says_so(queue: RunQueue, wait: Any, spec_named: Any, home: Path) -> None:
    queue.start(spec_named("hold"))
    wait(lambda: queue.live_runs)
    queue.kill(1)
    wait(lambda: queue.active is None)
    with open_store(home / "runs.sqlite") as store:
        wait(lambda: store.run(1).error == "its process was killed by hand")
        assert store.run(1).state == "interrupted"


@pytest.mark.parametrize(
    ("status", "words", "cause"),
    [
        (-9, "step 3", "its process was killed (SIGKILL), which the system does when memory runs out"),
        (-11, "", "its process crashed (SIGSEGV)"),
        (3, "no memory left.", "its process ended with status 3: no memory left"),
        (1, "", "its process ended with status 1"),
    ],
)
def test_a_death_is_told_in_words(status: int, words: str, cause: str) -> None:
    assert exit_message(status, words) == cause


def test_a_run_that_the_worker_refuses_has_failed_with_the_reason(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    errors: list[Exception] = []
    queue.failed.connect(errors.append)
    queue.start(spec_named("refuse"))
    wait(lambda: errors and queue.active is None)
    with open_store(home / "runs.sqlite") as store:
        record = store.run(1)
    assert record.state == "failed"
    assert "there is no such file" in record.error


def test_questions_are_answered_while_a_run_trains(queue: RunQueue, worker: Worker, wait: Any, spec_named: Any) -> None:
    queue.start(spec_named("hold"))
    wait(lambda: queue.live_runs)
    answers: list[Any] = []
    worker.ask(CheckQuestion(spec="now"), answers.append)
    wait(lambda: answers)
    assert int(answers[0][0].rule) != queue.live_runs[0].pid
    queue.stop(1)
    wait(lambda: queue.active is None)


def test_a_run_outlives_its_window_and_is_found_by_the_next(
    store: StoreService, wait: Any, spec_named: Any, worker: Worker, qtbot: QtBot
) -> None:
    first = RunQueue(store, worker)
    first.attach()
    first.start(spec_named("hold"))
    first.start(spec_named("quick"))
    wait(lambda: first.live_runs)
    pid = first.live_runs[0].pid
    first.close()
    second = RunQueue(store, worker)
    second.attach()
    wait(lambda: second.live_runs)
    assert second.live_runs[0].pid == pid
    assert second.local_runs == second.live_runs
    second.stop(1)
    wait(lambda: second.active is None or second.active.id != 1)
    second.close()


def test_a_found_run_whose_process_is_killed_becomes_interrupted(
    store: StoreService, wait: Any, spec_named: Any, worker: Worker
) -> None:
    first = RunQueue(store, worker)
    first.attach()
    first.start(spec_named("hold"))
    wait(lambda: first.live_runs)
    told: list[Any] = []
    first.close()
    second = RunQueue(store, worker)
    second.runChanged.connect(told.append)
    second.attach()
    wait(lambda: second.live_runs)
    os.kill(second.live_runs[0].pid or 0, signal.SIGKILL)
    wait(lambda: told[-1].state == "interrupted")
    second.close()


def test_an_interrupted_run_is_taken_up_again_under_its_number(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    queue.start(spec_named("hold"))
    wait(lambda: queue.live_runs)
    os.kill(queue.live_runs[0].pid or 0, signal.SIGKILL)
    wait(lambda: queue.active is None)
    queue.resume_run(1)
    wait(lambda: queue.live_runs and queue.live_runs[0].state == "running")
    queue.stop(1)
    wait(lambda: queue.active is None)
    assert _states(home) == {"hold": "stopped"}


def test_a_run_started_by_another_program_is_noticed(queue: RunQueue, wait: Any, spec_named: Any, home: Path) -> None:
    queue.start(spec_named("quick"))
    wait(lambda: _states(home).get("quick") == "finished")
    with open_store(home / "runs.sqlite") as other:
        run = other.create_run(spec_named("theirs"))
        other.claim(run, pid=os.getpid(), host=socket.gethostname(), device="", versions={})
        wait(lambda: queue.active is not None and queue.active.name == "theirs")
        other.finish(run, "finished")
    wait(lambda: queue.active is None)


def test_a_study_is_checked_once_a_seed_made_whole_and_trained_in_its_order(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    started: list[int] = []
    ends: list[int] = []
    queue.created.connect(started.append)
    queue.runChanged.connect(lambda record: ends.append(record.id) if record.has_ended else None)
    queue.start_study(study_members(spec_named("quick"), (0, 1), baselines=True))
    wait(lambda: len(ends) == 6)
    assert ends == [1, 2, 3, 4, 5, 6]
    assert started == [1]
    assert queue.is_study_over(1)
    assert not queue.is_study_over(2)
    assert (home / "asks.log").read_text().split().count("check") == 3
    with open_store(home / "runs.sqlite") as store:
        assert {(run.study, run.baseline) for run in store.runs()} == {(1, ""), (1, "left"), (1, "right")}


def test_a_study_of_which_one_experiment_cannot_run_is_withdrawn_with_the_reason(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    told: list[Exception] = []
    queue.start_study(study_members(spec_named("faulty"), (0,), baselines=True), refused=told.append)
    wait(lambda: told)
    assert "cannot be built" in str(told[0])
    assert queue.waiting_runs == ()
    assert queue.active is None
    assert _states(home) == {}
    with open_store(home / "runs.sqlite") as store:
        withdrawn = store.runs(archived=True)
    assert [(run.state, run.started) for run in withdrawn] == [("failed", None)] * 3
    assert all("cannot be built" in run.error for run in withdrawn)


def test_the_seeds_of_a_study_train_together_role_by_role(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    ends: list[int] = []
    queue.runChanged.connect(lambda record: ends.append(record.id) if record.has_ended else None)
    queue.start_study(study_members(spec_named("quick"), (0, 1), baselines=True), together=True)
    wait(lambda: len(ends) == 6)
    with open_store(home / "runs.sqlite") as store:
        runs = sorted(store.runs(), key=lambda run: run.id)
    assert [(run.baseline, run.seed) for run in runs] == [(r, s) for r in ("", "left", "right") for s in (0, 1)]
    assert len({run.pid for run in runs}) == 1
    asks = (home / "asks.log").read_text().split()
    assert [asks.count(one) for one in ("check", "check_together", "train_together", "train")] == [3, 3, 3, 0]


def test_seeds_that_cannot_train_together_are_withdrawn_and_the_reason_told(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    told: list[Exception] = []
    members = study_members(spec_named("apart"), (0, 1), baselines=False)
    queue.start_study(members, together=True, refused=told.append)
    wait(lambda: told)
    assert "runs that train together need" in str(told[0])
    assert _states(home) == {}


def test_a_process_that_dies_leaves_all_its_runs_interrupted(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    queue.start_study(study_members(spec_named("die"), (0, 1), baselines=False), together=True)
    wait(lambda: list(_states(home).values()) == ["interrupted"] and queue.active is None)
    with open_store(home / "runs.sqlite") as store:
        assert [run.state for run in store.runs()] == ["interrupted"] * 2
        assert {run.error for run in store.runs()} == {"its process ended with status 9"}


def test_a_seed_that_is_stopped_while_it_waits_leaves_the_others_together(
    queue: RunQueue, wait: Any, spec_named: Any, home: Path
) -> None:
    queue.start(spec_named("hold"))
    wait(lambda: queue.live_runs)
    queue.start_study(study_members(spec_named("quick"), (0, 1, 2), baselines=False), together=True)
    wait(lambda: queue.waiting_runs == (2, 3, 4))
    queue.stop(3)
    queue.stop(1)
    wait(lambda: queue.active is None)
    with open_store(home / "runs.sqlite") as store:
        assert [store.run(run).state for run in (2, 3, 4)] == ["finished", "stopped", "finished"]
        assert store.run(2).pid == store.run(4).pid
