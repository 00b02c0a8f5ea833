"""The process that trains the runs of the queue; an error or an exit ends one run only."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from app.jobs import RunQueue, StoreService, Worker
from app.jobs.runs import training_process
from mtl_core.protocol.questions import CheckQuestion
from mtl_core.store import RunRecord, open_store
from mtl_core.store.processes import is_alive


def _run(home: Path, run: int) -> RunRecord:
    with open_store(home / "runs.sqlite") as store:
        return store.run(run)


def _ends(queue: RunQueue) -> list[RunRecord]:
    ends: list[RunRecord] = []
    queue.runChanged.connect(lambda record: ends.append(record) if record.has_ended else None)
    return ends


def test_one_process_trains_runs_that_end_well(queue: RunQueue, wait: Any, spec_named: Any) -> None:
    ends = _ends(queue)
    for name in ("quick-1", "quick-2", "quick-3"):
        queue.start(spec_named(name))
    wait(lambda: len(ends) == 3)
    queue.start(spec_named("quick-4"))
    wait(lambda: len(ends) == 4)
    assert [record.state for record in ends] == ["finished"] * 4
    assert len({record.pid for record in ends}) == 1


def test_a_run_that_kills_its_process_costs_itself_and_the_next_has_a_new_one(
    queue: RunQueue, wait: Any, spec_named: Any
) -> None:
    ends = _ends(queue)
    for name in ("quick-1", "die", "quick-2", "quick-3"):
        queue.start(spec_named(name))
    wait(lambda: len(ends) == 4)
    assert [record.state for record in ends] == ["finished", "interrupted", "finished", "finished"]
    first, died, second, third = (record.pid for record in ends)
    assert first == died != second == third


def test_a_process_whose_run_failed_has_no_other(queue: RunQueue, wait: Any, spec_named: Any, home: Path) -> None:
    ends = _ends(queue)
    for name in ("quick-1", "refuse", "quick-2"):
        queue.start(spec_named(name))
    wait(lambda: len(ends) == 3)
    assert [record.state for record in ends] == ["finished", "failed", "finished"]
    assert _run(home, 1).pid != _run(home, 3).pid
    wait(lambda: not is_alive(_run(home, 1).pid or 0))


def test_a_process_that_is_killed_between_two_runs_costs_none(queue: RunQueue, wait: Any, spec_named: Any) -> None:
    ends = _ends(queue)
    queue.start(spec_named("quick"))
    wait(lambda: ends)
    os.kill(ends[0].pid or 0, signal.SIGKILL)
    queue.start(spec_named("quick-2"))  # whether its death is known by now or not
    wait(lambda: len(ends) == 2)
    assert [record.state for record in ends] == ["finished"] * 2
    assert ends[0].pid != ends[1].pid


def test_a_run_whose_used_process_ends_before_it_has_begun_gets_a_new_one(
    queue: RunQueue, wait: Any, spec_named: Any
) -> None:
    ends = _ends(queue)
    for name in ("quick", "vanish", "quick-2"):
        queue.start(spec_named(name))
    wait(lambda: len(ends) == 3)
    assert [(record.name, record.state) for record in ends] == [
        ("quick", "finished"),
        ("vanish", "finished"),
        ("quick-2", "finished"),
    ]
    assert ends[0].pid != ends[1].pid == ends[2].pid


def test_a_process_without_runs_is_ended_after_a_while(
    store: StoreService, worker: Worker, wait: Any, spec_named: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_process, "IDLE_MS", 50)
    queue = RunQueue(store, worker)
    ends = _ends(queue)
    queue.start(spec_named("quick"))
    wait(lambda: ends)
    wait(lambda: not is_alive(ends[0].pid or 0))
    queue.close()


def test_a_process_without_a_run_ends_with_its_window(
    store: StoreService, worker: Worker, wait: Any, spec_named: Any
) -> None:
    queue = RunQueue(store, worker)
    ends = _ends(queue)
    queue.start(spec_named("quick"))
    wait(lambda: ends)
    queue.close()
    assert not is_alive(ends[0].pid or 0)


def test_a_busy_worker_keeps_its_process_and_a_new_one_trains(
    queue: RunQueue, worker: Worker, wait: Any, spec_named: Any, home: Path
) -> None:
    answers: list[Any] = []
    ends = _ends(queue)
    queue.start(spec_named("quick"))
    wait(lambda: queue.active is not None or ends)
    worker.ask(CheckQuestion(spec={"name": "checked-late"}), answers.append)
    wait(lambda: ends)
    assert answers == []
    (home / "go").touch()
    wait(lambda: answers == [[]])
