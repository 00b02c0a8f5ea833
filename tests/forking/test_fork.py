"""Forks of runs that the engine trained: what they inherit, how they go on, and what they refuse.

Covers: mtl_core/forking/checkpoint_header.py, mtl_core/forking/checkpoint_list.py, mtl_core/forking/fork_settings.py.
"""

import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_core.errors import InputError, StoreError
from mtl_core.forking import fork as fork_module
from mtl_core.forking.checkpoint_list import checkpoint_at, find_checkpoint, list_checkpoints
from mtl_core.forking.fork import create_fork
from mtl_core.forking.fork_settings import length_dependence
from mtl_core.protocol.events import RemarkEvent
from mtl_core.protocol.requests import CheckpointRequest, Request, WeightsRequest
from mtl_core.runner.execution import execute
from mtl_core.spec import ExperimentSpec, set_at, spec_from_data, spec_to_data
from mtl_core.store import Points, RunStore, SeriesKey, sqlite
from mtl_core.training.persistence.checkpoints import Checkpoint
from tests.runner.conftest import Experiment
from tests.training.toy import without_resources

STEPS = 7
"""Steps of an epoch of the experiment."""


def train(store: RunStore, spec: ExperimentSpec, script: Mapping[int, list[Request]] | None = None) -> int:
    """Train a run that is asked for something at some steps."""
    run = store.create_run(spec)
    train_queued(store, run, script)
    return run


def train_queued(store: RunStore, run: int, script: Mapping[int, list[Request]] | None = None) -> None:
    def observe(progress: Any) -> None:
        for request in (script or {}).get(progress.step, ()):
            store.add_request(run, request)

    assert execute(store, run, observer=observe).state == "finished"


def with_setting(spec: ExperimentSpec, path: str, value: Any) -> ExperimentSpec:
    return spec_from_data(set_at(spec_to_data(spec), path, value))


def points(store: RunStore, run: int) -> dict[SeriesKey, list[tuple[int, bytes]]]:
    return {key: pairs(series) for key, series in without_resources(store.read(run)[0]).items()}


def pairs(series: Points) -> list[tuple[int, bytes]]:
    return [(int(step), np.float64(value).tobytes()) for step, value in zip(series.steps, series.values, strict=True)]


def test_more_epochs_from_the_last_checkpoint_equal_a_run_that_was_asked_for_them_at_once(
    store: RunStore, experiment: Experiment
) -> None:
    whole = train(store, experiment(training__epochs=5))
    short = train(store, experiment(training__epochs=3))
    fork = create_fork(store, find_checkpoint(store, short), experiment(training__epochs=5))
    train_queued(store, fork)
    assert points(store, fork) == points(store, whole)
    assert store.run(fork).parent == short
    states = [Checkpoint.load(store.artifacts_dir(run) / "last.safetensors") for run in (fork, whole)]
    for name, tensor in states[1].parts["model"].items():
        assert tensor.equal(states[0].parts["model"][name]), name


@pytest.mark.usefixtures("tick_at_every_step")
@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "muon"])
def test_a_fork_of_a_kept_checkpoint_trains_on_to_the_bit_as_its_parent_did(
    store: RunStore, experiment: Experiment, optimizer: str
) -> None:
    spec = experiment(training__optimizer={"kind": optimizer}, training__averaging={"kind": "ema"})
    parent = train(store, spec, {10: [CheckpointRequest()]})
    checkpoint = find_checkpoint(store, parent, step=12, kind="step")
    assert (checkpoint.step, checkpoint.epoch, checkpoint.is_whole) == (10, 1, True)
    fork = create_fork(store, checkpoint, spec)
    train_queued(store, fork)
    assert points(store, fork) == points(store, parent)


@pytest.mark.usefixtures("tick_at_every_step")
def test_the_history_is_copied_up_to_the_step_and_marked(store: RunStore, experiment: Experiment) -> None:
    moved = WeightsRequest(weights={"species": 1.0, "width": 3.0})
    script: dict[int, list[Request]] = {4: [moved], 10: [CheckpointRequest()], 15: [moved]}
    parent = train(store, experiment(), script)
    store.add_event(parent, RemarkEvent(step=2, message="a step of the past"))
    fork = create_fork(store, find_checkpoint(store, parent, kind="step"), experiment())
    series, original = store.read(fork)[0], store.read(parent)[0]
    for key, copied in series.items():
        last = 9 if key.split == "train" else 10
        assert pairs(copied) == [pair for pair in pairs(original[key]) if pair[0] <= last], key
    assert {key.split for key in series} == {"train", "val"}
    assert series[SeriesKey("species", "train", "loss")].steps.tolist() == list(range(10))
    events = store.events(fork)
    assert [event.step for event in events if event.kind == "weights"] == [4]
    assert not {"finish", "error", "checkpoint"} & {event.kind for event in events}
    (marked,) = (event for event in events if event.kind == "forked")
    assert marked.data == {"run": parent, "step": 10, "epoch": 1, "checkpoint": "step", "whole": True}
    assert [event.time for event in events if event.kind == "weights"] == [
        event.time for event in store.events(parent) if event.kind == "weights" and event.step == 4
    ]
    summaries = {summary.key: summary for summary in store.summaries([fork])}
    key = SeriesKey("width", "val", "rmse")
    assert (summaries[key].count, summaries[key].last_step) == (1, STEPS)
    assert summaries[key].direction == "min"
    assert store.run(fork).fingerprint == store.run(parent).fingerprint


def test_the_weights_of_the_best_epoch_begin_a_fork_without_the_rest_of_the_state(
    store: RunStore, experiment: Experiment
) -> None:
    parent = train(store, experiment(training__optimizer={"kind": "sgd", "lr": 0.05}))
    best = find_checkpoint(store, parent, kind="best")
    assert not best.is_whole
    assert best.epoch is not None
    spec = experiment(training__optimizer={"kind": "sgd", "lr": 0.001}, training__epochs=best.epoch + 1)
    fork = create_fork(store, best, spec)
    weights = Checkpoint.load(store.artifacts_dir(fork) / "last.safetensors").parts["model"]
    original = Checkpoint.load(best.path).parts["model"]
    assert all(tensor.equal(original[name]) for name, tensor in weights.items())
    train_queued(store, fork)
    record, series = store.run(fork), store.read(fork)[0]
    assert record.progress
    assert record.progress.step == best.step + STEPS
    rates = series[SeriesKey("", "train", "lr")]
    assert rates.values[best.step - 1 :].tolist()[:2] == [0.05, 0.001]
    assert series[SeriesKey("width", "val", "rmse")].steps.tolist() == [
        *range(STEPS, best.step + 1, STEPS),
        best.step + STEPS,
    ]


@pytest.mark.usefixtures("tick_at_every_step")
def test_another_learning_rate_and_other_loss_weights_count_from_the_step_on(
    store: RunStore, experiment: Experiment
) -> None:
    manual = {"kind": "manual", "weights": {"species": 1.0, "width": 2.0}}
    spec = experiment(weighting=manual)
    parent = train(store, spec, {10: [CheckpointRequest()]})
    changed = with_setting(with_setting(spec, "training.optimizer.lr", 0.0005), "weighting.weights.width", 5.0)
    fork = create_fork(store, find_checkpoint(store, parent, kind="step"), changed)
    train_queued(store, fork)
    series = store.read(fork)[0]
    assert series[SeriesKey("width", "train", "weight")].values.tolist() == [2.0] * 10 + [5.0] * 11
    assert series[SeriesKey("", "train", "lr")].values.tolist() == [0.001] * 10 + [0.0005] * 11
    assert store.spec(fork).weighting.moves[0].step == 10


@pytest.mark.parametrize(
    ("path", "value"),
    [("training.batch_size", 8), ("training.optimizer", {"kind": "sgd"}), ("training.seed", 3), ("model.shared", [])],
)
def test_a_setting_that_the_state_depends_on_cannot_differ(
    store: RunStore, experiment: Experiment, path: str, value: Any
) -> None:
    parent = train(store, experiment(training__epochs=1))
    spec = with_setting(experiment(training__epochs=2), path, value)
    with pytest.raises(InputError, match=path.replace(".", r"\.")) as caught:
        create_fork(store, find_checkpoint(store, parent), spec)
    assert "cannot differ in a fork" in str(caught.value)
    assert [record.id for record in store.runs()] == [parent]
    assert not [path for path in store.artifacts_dir(parent).parent.iterdir() if path.name != str(parent)]


def test_a_fork_without_a_step_to_do_is_refused(store: RunStore, experiment: Experiment) -> None:
    stopping = {"patience": 1, "min_delta": 100.0}
    parent = train(store, experiment(training__epochs=5, training__early_stopping=stopping))
    checkpoint = find_checkpoint(store, parent)
    assert checkpoint.epoch == 2
    with pytest.raises(InputError, match=r"training\.epochs: must be more than the 2 epochs"):
        create_fork(store, checkpoint, experiment(training__epochs=2))
    with pytest.raises(InputError, match=r"training\.early_stopping: would end the fork at once"):
        create_fork(store, checkpoint, experiment(training__epochs=5, training__early_stopping=stopping))
    fork = create_fork(store, checkpoint, experiment(training__epochs=5))
    train_queued(store, fork)
    assert store.read(fork)[0][SeriesKey("total", "val", "loss")].steps.tolist() == [7, 14, 21, 28, 35]


def test_a_fork_of_a_fork_inherits_both_histories(store: RunStore, experiment: Experiment) -> None:
    first = train(store, experiment(training__epochs=1))
    second = create_fork(store, find_checkpoint(store, first), experiment(training__epochs=2))
    train_queued(store, second)
    third = create_fork(store, find_checkpoint(store, second), experiment(training__epochs=3))
    train_queued(store, third)
    assert points(store, third) == points(store, train(store, experiment(training__epochs=3)))
    assert [event.step for event in store.events(third) if event.kind == "forked"] == [7, 14]
    again = store.create_run(experiment(), parent=first)
    assert store.children(first) == {second: True, again: False}


def test_a_failure_while_it_is_created_leaves_nothing(
    store: RunStore, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = train(store, experiment(training__epochs=1))
    before = {record.id for record in store.runs(archived=True)}
    real = Path.rename

    def fail_at_best(self: Path, target: Path) -> Path:
        if self.name == "last.safetensors":
            raise OSError("the disk is gone")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", fail_at_best)
    with pytest.raises(Exception, match="the disk is gone"):
        create_fork(store, find_checkpoint(store, parent), experiment(training__epochs=2))
    assert {record.id for record in store.runs(archived=True)} == before
    assert [path.name for path in store.artifacts_dir(parent).parent.iterdir()] == [str(parent)]


def test_last_and_best_checkpoints_of_different_moments_are_not_mixed(
    store: RunStore, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the parent saves between the copies of the two files: they are copied again."""
    parent = train(store, experiment(training__epochs=2))
    folder = store.artifacts_dir(parent)
    stale = Checkpoint.load(folder / "best.safetensors")
    stale.values["step"] = 1
    stale.save(folder / "stale.safetensors")
    copied = []
    real = shutil.copyfile

    def copy(source: Path, target: Path) -> Path:
        copied.append(source.name)
        return real(folder / "stale.safetensors" if len(copied) == 1 else source, target)

    monkeypatch.setattr(fork_module.shutil, "copyfile", copy)
    fork = create_fork(store, find_checkpoint(store, parent, kind="last"), experiment(training__epochs=3))
    assert copied == ["best.safetensors", "last.safetensors"] * 2
    assert Checkpoint.load(store.artifacts_dir(fork) / "best.safetensors").values["step"] != 1


@pytest.mark.usefixtures("tick_at_every_step")
def test_the_checkpoint_at_a_point_is_the_last_before_it(store: RunStore, experiment: Experiment) -> None:
    parent = train(store, experiment(), {3: [CheckpointRequest()], 9: [CheckpointRequest()]})
    checkpoints = list_checkpoints(store, parent)
    steps = [(checkpoint.kind, checkpoint.step) for checkpoint in checkpoints]
    assert [step for kind, step in steps if kind == "step"] == [3, 9]
    assert checkpoint_at(checkpoints, 2) is None
    found = checkpoint_at(checkpoints, 8.9)
    assert found is not None
    assert found.step in (3, 7)
    assert checkpoint_at(checkpoints, None) == checkpoints[-1]
    assert checkpoints[-1].text == "step 21 (last)"
    assert all(checkpoint.size == checkpoint.path.stat().st_size for checkpoint in checkpoints)
    with pytest.raises(InputError, match=r"has no such checkpoint; found step 3 \(kept\)"):
        find_checkpoint(store, parent, step=1)


def test_checkpoints_of_every_second_epoch_are_kept_and_begin_forks(store: RunStore, experiment: Experiment) -> None:
    spec = experiment(training__epochs=5, training__keep_checkpoints=2)
    parent = train(store, spec)
    kept = [checkpoint for checkpoint in list_checkpoints(store, parent) if checkpoint.kind == "step"]
    assert [(checkpoint.step, checkpoint.epoch) for checkpoint in kept] == [(14, 2), (28, 4)]
    fork = create_fork(store, kept[0], spec)
    assert checkpoint_at(list_checkpoints(store, fork), None) is not None
    train_queued(store, fork)
    assert points(store, fork) == points(store, parent)


def test_a_damaged_checkpoint_is_not_offered(store: RunStore, experiment: Experiment) -> None:
    parent = train(store, experiment(training__epochs=1))
    (last,) = (checkpoint for checkpoint in list_checkpoints(store, parent) if checkpoint.kind == "last")
    last.path.write_bytes(b"nothing")
    assert [checkpoint.kind for checkpoint in list_checkpoints(store, parent)] == ["best"]
    with pytest.raises(StoreError, match="is not a whole checkpoint"):
        create_fork(store, last, experiment(training__epochs=2))


def test_a_removed_checkpoint_gives_its_bytes_back(store: RunStore, experiment: Experiment) -> None:
    parent = train(store, experiment(training__epochs=1))
    best = find_checkpoint(store, parent, kind="best")
    assert store.remove_checkpoint(parent, best.artifact) == best.size
    assert [checkpoint.kind for checkpoint in list_checkpoints(store, parent)] == ["last"]
    with pytest.raises(InputError, match="has no such checkpoint any more"):
        store.remove_checkpoint(parent, best.artifact)


def test_erasing_the_parent_leaves_the_fork_whole(store: RunStore, experiment: Experiment) -> None:
    parent = train(store, experiment(training__epochs=1))
    fork = create_fork(store, find_checkpoint(store, parent), experiment(training__epochs=2))
    store.edit(parent, archived=True)
    store.erase([parent])
    train_queued(store, fork)
    assert store.run(fork).parent is None
    assert store.read(fork)[0][SeriesKey("total", "val", "loss")].steps.tolist() == [7, 14]


def test_a_schedule_that_depends_on_the_length_says_so(experiment: Experiment) -> None:
    assert length_dependence(experiment()) == ""
    assert "'Cosine'" in length_dependence(experiment(training__schedule={"kind": "cosine"}))
    assert "SWA" in length_dependence(experiment(training__averaging={"kind": "swa"}))


def test_damaged_points_of_the_parent_are_refused(store: RunStore, experiment: Experiment) -> None:
    parent = train(store, experiment(training__epochs=1))
    with closing(sqlite.library().connect(store.name)) as connection, connection:
        connection.execute("UPDATE chunks SET count = 7777 WHERE run_id = ?", (parent,))
    with pytest.raises(StoreError, match="is damaged in the store"):
        create_fork(store, find_checkpoint(store, parent), experiment(training__epochs=2))
    assert len(store.runs()) == 1


def test_notes_of_a_person_can_be_changed_and_removed(store: RunStore, experiment: Experiment) -> None:
    run = store.create_run(experiment())
    store.add_event(run, RemarkEvent(step=2, message="look here"))
    (note,) = store.events(run)
    store.edit_remark(run, note.id, "or there")
    assert [event.message for event in store.events(run)] == ["or there"]
    store.edit_remark(run, note.id, None)
    assert store.events(run) == []
    with pytest.raises(InputError, match="has no such note any more"):
        store.edit_remark(run, note.id, "gone")
