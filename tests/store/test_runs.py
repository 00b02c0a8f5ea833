"""Runs of the store: how they are created, listed, edited, claimed and finished.

Covers: mtl_core/store/records.py, mtl_core/store/store.py, mtl_core/store/rows/run_records.py,
mtl_core/store/rows/artifacts.py, mtl_core/store/rows/running_summary.py.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mtl_core.errors import InputError, StoreError
from mtl_core.protocol.events import StartEvent
from mtl_core.protocol.requests import StopRequest
from mtl_core.spec import ExperimentSpec
from mtl_core.store import EndState, Progress, RunStore, host_name, open_store
from mtl_core.store.rows import lifecycle

Experiment = Callable[..., ExperimentSpec]
Claim = Callable[..., None]

HALF = Progress(epoch=1, epochs=2, step=50, steps=100, samples_per_second=1e4, eta_seconds=0.5)


@pytest.fixture
def claim(store: RunStore) -> None:
    def act(run: int, **changes: Any) -> None:
        owner = {"pid": os.getpid(), "host": host_name(), "device": "cpu", "versions": {"torch": "2.13"}}
        store.claim(run, **owner | changes)

    return act


@pytest.fixture
def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_new_run_is_queued_and_tells_what_it_is_of(store: RunStore, experiment: Experiment) -> None:
    spec = experiment(weighting={"kind": "uncertainty"}, training={"seed": 2**32 - 1})
    record = store.run(store.create_run(spec, device="cuda:0", versions={"torch": "2.13"}))
    assert (record.state, record.name, record.method) == ("queued", "two digits", "uncertainty")
    assert (record.tasks, record.dataset, record.seed) == (("left", "right"), "multidigits", 2**32 - 1)
    assert (record.device, record.versions) == ("cuda:0", {"torch": "2.13"})
    assert record.progress is None
    assert record.started is None


def test_the_spec_comes_back_as_it_was(store: RunStore, experiment: Experiment) -> None:
    spec = experiment(name="두 숫자")
    assert store.spec(store.create_run(spec)) == spec


def test_a_table_is_named_by_its_file(store: RunStore, experiment: Experiment) -> None:
    dataset = {"kind": "table", "path": "/somewhere/houses.csv", "inputs": ["area"]}
    tasks = [{"name": "price", "kind": "regression", "target": "price"}]
    assert store.run(store.create_run(experiment(dataset=dataset, tasks=tasks))).dataset == "houses.csv"


def test_runs_come_newest_first_and_archived_ones_only_when_asked_for(store: RunStore, experiment: Experiment) -> None:
    first, second, third = (store.create_run(experiment()) for _ in range(3))
    store.edit(second, archived=True)
    assert [r.id for r in store.runs()] == [third, first]
    assert [r.id for r in store.runs(archived=True)] == [third, second, first]


def test_edit_changes_what_is_given_and_nothing_else(store: RunStore, run: int) -> None:
    store.edit(run, name="best so far", tags=["b", " a ", "b", ""], notes="lr 다시", starred=True)
    store.edit(run, archived=True)
    record = store.run(run)
    assert (record.name, record.tags, record.notes) == ("best so far", ("a", "b"), "lr 다시")
    assert record.starred
    assert record.archived
    store.edit(run, tags=[], starred=False)
    assert (store.run(run).tags, store.run(run).starred) == ((), False)


def test_a_run_may_not_lose_its_name(store: RunStore, run: int) -> None:
    with pytest.raises(InputError, match="needs a name"):
        store.edit(run, name="  ")


def test_a_run_knows_which_it_runs_again(store: RunStore, run: int, experiment: Experiment) -> None:
    assert store.run(store.create_run(experiment(), parent=run)).parent == run


def test_a_claimed_run_is_running_on_its_process(store: RunStore, run: int, claim: Claim) -> None:
    claim(run, fingerprint="abc")
    record = store.run(run)
    assert (record.state, record.pid, record.host) == ("running", os.getpid(), host_name())
    assert (record.device, record.fingerprint) == ("cpu", "abc")
    assert record.started is not None
    store.set_fingerprint(run, "def")
    assert store.run(run).fingerprint == "def"


def test_a_beat_tells_the_progress(store: RunStore, run: int, claim: Claim) -> None:
    claim(run)
    store.record_heartbeat(run, HALF)
    record = store.run(run)
    assert record.progress == HALF
    assert record.heartbeat >= record.started
    assert record.seconds >= 0


def test_time_counts_while_running_and_not_while_paused(
    store: RunStore, run: int, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    claim(run)
    now += 10
    store.record_heartbeat(run, HALF)
    store.set_state(run, "paused")
    now += 100
    store.record_heartbeat(run, HALF)
    store.set_state(run, "running")
    now += 5
    store.finish(run, "finished")
    assert store.run(run).seconds == pytest.approx(15)


def test_setting_the_clock_does_not_change_the_time_trained(
    store: RunStore, run: int, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(run)
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    store.record_heartbeat(run, HALF)
    monkeypatch.setattr(time, "time", lambda: 9e9)
    store.finish(run, "finished")
    assert 0 <= store.run(run).seconds < 60


def test_the_end_written_by_another_process_adds_no_time(store: RunStore, url: str, run: int, claim: Claim) -> None:
    claim(run)
    store.record_heartbeat(run, HALF)
    before = store.run(run).seconds
    with open_store(url) as other:
        other.finish(run, "failed", "its process died")
    assert store.run(run).seconds == before


def test_time_is_not_lost_when_a_report_cannot_be_written(
    store: RunStore, run: int, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    claim(run)
    now += 3
    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "record_heartbeat", raise_error)
        with pytest.raises(StoreError, match="no luck"):
            store.record_heartbeat(run, HALF)
    now += 2
    store.record_heartbeat(run, HALF)
    assert store.run(run).seconds == pytest.approx(5)


def raise_error(*_: object) -> None:
    raise StoreError("store", "no luck")


def test_finish_tells_the_end_and_why(store: RunStore, run: int, claim: Claim) -> None:
    claim(run)
    store.finish(run, "failed", "left: loss is NaN at step 12")
    record = store.run(run)
    assert (record.state, record.error, record.has_ended) == ("failed", "left: loss is NaN at step 12", True)
    assert record.finished is not None


def test_a_run_that_could_not_begin_fails_and_is_archived_in_one(store: RunStore, run: int) -> None:
    store.finish(run, "failed", "no such column", archive=True)
    assert store.runs() == []
    assert [(record.state, record.archived) for record in store.runs(archived=True)] == [("failed", True)]


def test_finish_refuses_a_state_that_is_no_end(store: RunStore, run: int) -> None:
    with pytest.raises(ValueError, match="running"):
        store.finish(run, "running")
    with pytest.raises(ValueError, match="resting"):
        store.set_state(run, "resting")


def test_a_run_that_is_queued_again_has_not_ended(store: RunStore, run: int, claim: Claim) -> None:
    claim(run)
    store.finish(run, "failed", "some error")
    store.set_state(run, "queued")
    record = store.run(run)
    assert (record.state, record.error, record.finished) == ("queued", "", None)


@pytest.mark.parametrize("state", ["stopped", "interrupted", "failed"])
def test_a_run_that_ended_early_may_be_claimed_again(store: RunStore, run: int, claim: Claim, state: EndState) -> None:
    claim(run)
    first = store.run(run).started
    store.finish(run, state, "some error")
    claim(run)
    record = store.run(run)
    assert (record.state, record.error, record.finished, record.started) == ("running", "", None, first)


def test_a_run_that_is_claimed_again_keeps_its_position_and_forgets_its_speed(
    store: RunStore, run: int, claim: Claim
) -> None:
    claim(run)
    store.record_heartbeat(run, HALF)
    store.finish(run, "stopped")
    claim(run)
    assert store.run(run).progress == replace(HALF, samples_per_second=0.0, eta_seconds=0.0)


def test_a_finished_run_may_not_be_claimed(store: RunStore, run: int, claim: Claim) -> None:
    claim(run)
    store.finish(run, "finished")
    with pytest.raises(InputError, match="has finished"):
        claim(run)


def test_a_run_of_a_living_process_may_not_be_claimed(store: RunStore, run: int, claim: Claim) -> None:
    claim(run)
    before = store.run(run)
    with pytest.raises(InputError, match=f"already; found process {os.getpid()}"):
        claim(run, pid=os.getppid())
    assert store.run(run) == before


def test_a_paused_run_of_a_dead_process_may_be_claimed(store: RunStore, run: int, claim: Claim, dead_pid: int) -> None:
    claim(run, pid=dead_pid)
    store.set_state(run, "paused")
    claim(run)
    assert store.run(run).pid == os.getpid()


def test_reap_interrupts_the_run_of_a_dead_process_and_no_other(
    store: RunStore, run: int, claim: Claim, dead_pid: int, experiment: Experiment
) -> None:
    others = [store.create_run(experiment()) for _ in range(2)]
    claim(run, pid=dead_pid)
    claim(others[0])
    assert store.reap() == [run]
    assert [store.run(r).state for r in (run, *others)] == ["interrupted", "running", "queued"]
    assert store.reap() == []


def test_reap_tells_a_process_from_a_later_one_of_its_number(
    store: RunStore, run: int, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtl_core.store.processes.read_start_time", lambda pid: "1")
    claim(run)
    assert store.reap() == ([run] if sys.platform == "linux" else [])


def test_reap_takes_a_zombie_for_dead(store: RunStore, run: int, claim: Claim) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    claim(run, pid=process.pid)
    process.stdout.read()  # ends when the process does; it is not waited for, so it stays a zombie
    deadline = time.monotonic() + 10
    while not store.reap() and time.monotonic() < deadline:
        pass
    assert store.run(run).state == "interrupted"
    process.communicate()


def test_reap_judges_another_machine_by_its_silence(
    store: RunStore, run: int, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(run, host="elsewhere")
    assert store.reap() == []
    later = time.time() + lifecycle.HEARTBEAT_TIMEOUT + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert store.reap() == [run]


def test_a_run_taken_for_dead_by_mistake_runs_again_at_its_next_beat(store: RunStore, run: int, claim: Claim) -> None:
    claim(run)
    store.finish(run, "interrupted")
    store.record_heartbeat(run, HALF)
    assert (store.run(run).state, store.run(run).finished) == ("running", None)
    store.finish(run, "stopped")
    store.record_heartbeat(run, replace(HALF, step=51))
    assert store.run(run).state == "stopped"


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.run(99),
        lambda s: s.spec(99),
        lambda s: s.read(99),
        lambda s: s.append(99, {}),
        lambda s: s.rewind(99, 0),
        lambda s: s.merge(99),
        lambda s: s.events(99),
        lambda s: s.add_event(99, StartEvent(step=0, message="")),
        lambda s: s.add_request(99, StopRequest()),
        lambda s: s.artifacts(99),
        lambda s: s.artifacts_dir(99),
        lambda s: s.add_artifact(99, "checkpoint", "x"),
        lambda s: s.edit(99, notes=""),
        lambda s: s.edit(99, tags=["a"]),
        lambda s: s.record_heartbeat(99, HALF),
        lambda s: s.finish(99, "stopped"),
        lambda s: s.set_state(99, "paused"),
        lambda s: s.set_fingerprint(99, ""),
        lambda s: s.claim(99, pid=1, host="", device="", versions={}),
    ],
)
def test_a_run_that_is_not_there_is_named(store: RunStore, ask: Callable[[RunStore], object]) -> None:
    with pytest.raises(InputError, match="run 99: there is no such run"):
        ask(store)


def test_the_version_tells_of_writes_and_of_nothing_else(store: RunStore, run: int) -> None:
    before = store.version()
    store.run(run)
    assert store.version() == before
    store.edit(run, starred=True)
    assert store.version() != before
