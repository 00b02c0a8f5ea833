"""Execution of a run from the store: how it starts, how it ends, and what it leaves there.

Covers: mtl_core/runner/stop_signals.py, mtl_core/protocol/states.py, mtl_core/protocol/series_key.py,
mtl_core/runner/local.py.
"""

import math
import os
import signal
import socket
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

import mtl_core
from mtl_core.analysis.divergence import divergence_event
from mtl_core.errors import EnvironmentFault, StoreError
from mtl_core.protocol.requests import CheckpointRequest, PauseRequest, ResumeRequest, StopRequest, WeightsRequest
from mtl_core.runner import store_recorder as recording_module
from mtl_core.runner.execution import execute, run_training
from mtl_core.runner.replay import spec_with_manual_weights
from mtl_core.runner.saved_models import best_checkpoint_path
from mtl_core.runner.store_recorder import Heartbeat, StoreRecorder
from mtl_core.spec import ExperimentSpec, InputError
from mtl_core.store import Points, RunStore, SeriesKey, sqlite
from mtl_core.training import trainer
from mtl_core.training.metrics.step_buffer import DivergedError
from mtl_core.training.persistence.checkpoints import Checkpoint
from mtl_core.training.training_run import TrainingResult
from tests.runner.conftest import Experiment
from tests.training.toy import without_resources

STEPS = 21


def assert_same_points(left: Mapping[SeriesKey, Points], right: Mapping[SeriesKey, Points]) -> None:
    left, right = without_resources(left), without_resources(right)
    assert left.keys() == right.keys()
    for key, points in left.items():
        assert points.steps.tolist() == right[key].steps.tolist(), key
        assert points.values.tobytes() == right[key].values.tobytes(), key


def train_run(store: RunStore, spec: ExperimentSpec) -> int:
    run = store.create_run(spec)
    assert execute(store, run).state == "finished"
    return run


@pytest.fixture
def tick_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "TICK_SECONDS", 0.0)


def test_a_run_leaves_its_row_series_events_and_checkpoints(store: RunStore, experiment: Experiment) -> None:
    run = store.create_run(experiment())
    ending = execute(store, run)
    record, series = store.run(run), store.read(run)[0]
    assert (ending.state, record.state, record.error) == ("finished", "finished", "")
    assert record.device.startswith("CPU")
    assert {"python", "torch"} <= record.versions.keys()
    assert record.fingerprint
    assert record.progress
    assert (record.progress.epoch, record.progress.step, record.progress.steps) == (3, STEPS, STEPS)
    assert (record.pid, record.host) == (os.getpid(), socket.gethostname())
    assert series[SeriesKey("species", "train", "loss")].steps.tolist() == list(range(STEPS))
    assert series[SeriesKey("width", "val", "rmse")].steps.tolist() == [7, 14, 21]
    assert ending.test
    last = {(s.task, s.metric): s.last for s in store.summaries([run]) if s.split == "test" and s.task != "total"}
    assert last == {(task, metric): value for task, scores in ending.test.items() for metric, value in scores.items()}
    assert [event.kind for event in store.events(run)][:1] == ["start"]
    assert store.events(run)[-1].kind == "finish"
    assert {artifact.kind for artifact in store.artifacts(run)} == {"checkpoint:last", "checkpoint:best", "validation"}
    assert all(Path(artifact.path).exists() for artifact in store.artifacts(run))
    assert best_checkpoint_path(store, run).name == "best.safetensors"


def test_a_finished_run_is_not_trained_again(store: RunStore, experiment: Experiment) -> None:
    run = train_run(store, experiment())
    with pytest.raises(InputError, match="has finished"):
        execute(store, run)
    assert store.run(run).state == "finished"


def test_a_run_that_a_living_process_trains_is_left_to_it(store: RunStore, experiment: Experiment) -> None:
    run = store.create_run(experiment())
    store.claim(run, pid=os.getppid(), host=socket.gethostname(), device="CPU", versions={})
    with pytest.raises(InputError, match="is being trained already"):
        execute(store, run)


def test_data_that_is_not_there_fails_the_run_with_one_line(store: RunStore, experiment: Experiment) -> None:
    dataset = {"kind": "table", "path": "/nowhere/houses.csv", "inputs": ["area"]}
    run = store.create_run(experiment(dataset=dataset))
    ending = execute(store, run)
    assert (ending.state, type(ending.fault)) == ("failed", InputError)
    assert store.run(run).state == "failed"
    assert "/nowhere/houses.csv" in store.run(run).error
    assert "\n" not in store.run(run).error


@pytest.mark.usefixtures("tick_at_every_step")
def test_a_diverged_run_fails_naming_task_and_step_and_keeps_a_good_checkpoint(
    store: RunStore, experiment: Experiment
) -> None:
    sgd = {"kind": "sgd", "lr": 100.0}
    run = store.create_run(experiment(training__optimizer=sgd, training__epochs=50))
    ending = execute(store, run)
    assert ending.state == "failed"
    assert ending.fault is None
    assert "the loss of task 'width' became" in ending.error
    (event,) = [event for event in store.events(run) if event.kind == "nan"]
    assert divergence_event(store.run(run), store.events(run)) == event
    assert f"at step {event.step}" in ending.error
    points = store.read(run)[0][SeriesKey("width", "train", "loss")]
    assert points.steps.tolist() == list(range(event.step))
    assert np.isfinite(points.values).all()
    saved = Checkpoint.load(best_checkpoint_path(store, run).with_name("last.safetensors"))
    assert saved.values["step"] <= event.step
    assert all(t.isfinite().all() for t in saved.parts["model"].values())


def test_a_run_that_diverged_does_not_go_on_as_it_would_diverge_again(store: RunStore, experiment: Experiment) -> None:
    sgd = {"kind": "sgd", "lr": 100.0}
    run = store.create_run(experiment(training__optimizer=sgd, training__epochs=50))
    error = execute(store, run).error
    with pytest.raises(InputError, match=r"has diverged at step \d+ and would do so again.*lower learning rate"):
        execute(store, run)
    assert (store.run(run).state, store.run(run).error) == ("failed", error)


def test_a_fault_of_the_program_fails_the_run_and_keeps_the_trace(
    store: RunStore, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer.Trainer, "train", lambda self: 1 / 0)
    run = store.create_run(experiment())
    assert execute(store, run).error == "ZeroDivisionError: division by zero"
    assert divergence_event(store.run(run), store.events(run)) is None
    (event,) = [event for event in store.events(run) if event.kind == "error"]
    assert "Traceback" in event.data["traceback"]


def test_a_stop_asked_of_a_queued_run_is_honoured_when_it_begins(store: RunStore, experiment: Experiment) -> None:
    run = store.create_run(experiment())
    store.add_request(run, StopRequest())
    assert execute(store, run).state == "stopped"
    assert store.run(run).state == "stopped"


def test_a_stop_from_outside_keeps_what_there_is(store: RunStore, experiment: Experiment) -> None:
    stop = threading.Event()
    stop.set()
    run = store.create_run(experiment())
    assert execute(store, run, stop=stop).state == "stopped"
    assert best_checkpoint_path(store, run).name == "last.safetensors"


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."), EnvironmentFault, "memory: is not"),
        (RuntimeError("CUDA error: unspecified launch failure"), EnvironmentFault, "device: does not answer"),
        (KeyError("x" * 5000), type(None), "KeyError: 'xxx"),
    ],
)
def test_what_ends_a_run_has_its_kind_and_stands_in_its_row(
    store: RunStore,
    experiment: Experiment,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    kind: type[object],
    words: str,
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(trainer.Trainer, "train", fail)
    run = store.create_run(experiment())
    ending = execute(store, run)
    assert (ending.state, type(ending.fault)) == ("failed", kind)
    assert store.run(run).error == ending.error
    assert ending.error.startswith(words)
    assert len(ending.error) <= 1000


def test_a_program_that_ignores_interrupts_goes_on_ignoring_them(store: RunStore, experiment: Experiment) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run = store.create_run(experiment())
        assert execute(store, run, observer=lambda _: signal.raise_signal(signal.SIGINT)).state == "finished"
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_asks_to_stop_once_and_a_second_one_ends_it(store: RunStore, experiment: Experiment) -> None:
    run, times = store.create_run(experiment(training__epochs=10_000)), []

    def interrupt(progress: Any) -> None:
        times.append(progress.step)
        signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        execute(store, run, observer=interrupt)
    assert len(times) == 2
    assert signal.getsignal(signal.SIGINT) is before
    assert store.run(run).state == "interrupted"


@pytest.mark.usefixtures("tick_at_every_step")
@pytest.mark.parametrize("weighting", ["uncertainty", "pcgrad", "gradnorm"])
def test_a_run_that_is_stopped_and_resumed_leaves_the_series_of_one_that_was_not(
    store: RunStore, experiment: Experiment, weighting: str
) -> None:
    spec = experiment(weighting={"kind": weighting}, training__schedule={"kind": "cosine"})
    whole = train_run(store, spec)
    run = store.create_run(spec)
    for step in (3, 7, 16):
        assert execute(store, run, observer=_stopping(store, run, step)).state == "stopped"
        assert _progress(store, run) == step
    assert execute(store, run).state == "finished"
    assert_same_points(store.read(run)[0], store.read(whole)[0])
    assert store.run(run).progress == store.run(run).progress


def _stopping(store: RunStore, run: int, at: int) -> Any:
    def stop_at_step(progress: Any) -> None:
        if progress.step == at:
            store.add_request(run, StopRequest())

    return stop_at_step


def _progress(store: RunStore, run: int) -> int:
    progress = store.run(run).progress
    assert progress
    return progress.step


@pytest.mark.usefixtures("tick_at_every_step")
def test_a_run_that_failed_halfway_goes_on_from_its_checkpoint(store: RunStore, experiment: Experiment) -> None:
    spec = experiment()
    whole, run = train_run(store, spec), store.create_run(spec)

    def fail(progress: Any) -> None:
        if progress.step == 10:
            raise OSError("the cable fell out")

    assert execute(store, run, observer=fail).state == "failed"
    assert execute(store, run).state == "finished"
    assert_same_points(store.read(run)[0], store.read(whole)[0])


@pytest.mark.usefixtures("tick_at_every_step")
def test_weights_moved_during_a_run_are_replayed_when_it_is_run_again(store: RunStore, experiment: Experiment) -> None:
    live = store.create_run(experiment())

    def move(progress: Any) -> None:
        if progress.step in (4, 12):
            store.add_request(live, WeightsRequest(weights={"species": 0.25 * progress.step}))
        if progress.step == 17:
            store.add_request(live, WeightsRequest(weights=None))

    assert execute(store, live, observer=move).state == "finished"
    spec = spec_with_manual_weights(store.spec(live), store.events(live))
    assert [(m.step, m.weights) for m in spec.weighting.moves] == [
        (4, {"species": 1.0, "width": 1.0}),
        (12, {"species": 3.0, "width": 1.0}),
        (17, None),
    ]
    again = train_run(store, spec)
    assert_same_points(store.read(again)[0], store.read(live)[0])


def test_a_run_with_damaged_points_is_refused_before_it_trains(store: RunStore, experiment: Experiment) -> None:
    run = store.create_run(experiment())
    stop = threading.Event()
    stop.set()
    assert execute(store, run, stop=stop).state == "stopped"
    with closing(sqlite.library().connect(store.name)) as connection, connection:
        connection.execute("UPDATE chunks SET count = 7 WHERE run_id = ?", (run,))
    with pytest.raises(StoreError, match=f"run {run}: is damaged in the store"):
        execute(store, run)
    assert store.run(run).state == "stopped"


@pytest.mark.usefixtures("tick_at_every_step")
def test_hand_moves_after_the_checkpoint_are_made_again_on_resuming(store: RunStore, experiment: Experiment) -> None:
    spec = experiment(training__checkpoint_seconds=86_400)
    whole, run = store.create_run(spec), store.create_run(spec)

    def script(number: int, *, fails: bool) -> Any:
        def look(progress: Any) -> None:
            if progress.step == 5:
                store.add_request(number, CheckpointRequest())
            if progress.step in (3, 8):
                store.add_request(number, WeightsRequest(weights={"width": float(progress.step)}))
            if fails and progress.step == 11:
                raise OSError

        return look

    assert execute(store, whole, observer=script(whole, fails=False)).state == "finished"
    assert execute(store, run, observer=script(run, fails=True)).state == "failed"
    assert execute(store, run).state == "finished"
    assert_same_points(store.read(run)[0], store.read(whole)[0])
    twice = [e.data["weights"]["width"] for e in store.events(run) if e.kind == "weights"]
    assert twice == [3.0, 8.0, 8.0]


def test_a_truncated_checkpoint_is_refused_and_the_run_left_as_it_was(store: RunStore, experiment: Experiment) -> None:
    run = store.create_run(experiment())
    store.add_request(run, StopRequest())
    execute(store, run)
    file = store.artifacts_dir(run) / "last.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    before, events = store.run(run), store.events(run)
    with pytest.raises(StoreError, match="is not a whole checkpoint"):
        execute(store, run)
    assert store.run(run) == before
    assert store.events(run) == events


def test_a_pause_is_a_state_of_the_run(store: RunStore, experiment: Experiment, wait: Any) -> None:
    run = store.create_run(experiment(training__epochs=5))
    store.add_request(run, PauseRequest())
    ending: list[str] = []
    thread = threading.Thread(target=lambda: ending.append(execute(store, run).state))
    thread.start()
    wait(lambda: store.run(run).state == "paused", "the pause")
    assert _progress(store, run) == 0
    store.add_request(run, ResumeRequest())
    thread.join(60)
    assert ending == ["finished"]
    assert [e.kind for e in store.events(run) if e.kind in ("pause", "resume")] == ["pause", "resume"]


def test_a_failing_heartbeat_does_not_end_the_heartbeats(monkeypatch: pytest.MonkeyPatch, wait: Any) -> None:
    class Failing:
        beats = 0

        def send_heartbeat(self) -> None:
            self.beats += 1
            raise InputError("store", "the disk is full")

    monkeypatch.setattr(recording_module, "HEARTBEAT_INTERVAL", 0.001)
    recorder = Failing()
    with Heartbeat(recorder, 1):  # type: ignore[arg-type]
        wait(lambda: recorder.beats > 3)


def test_training_from_python_gives_the_run_back(experiment: Experiment, home: Path) -> None:
    run = mtl_core.train(experiment(training__epochs=1))
    assert (run.id, run.state, run.error) == (1, "finished", "")
    assert run.store.endswith(str(home / "runs.sqlite"))
    assert run.test["width"]["rmse"] > 0
    frame = run.frame()
    assert list(frame.columns) == ["task", "split", "metric", "step", "value"]
    assert len(frame) == sum(len(points) for points in run.series().values())
    assert run.record().name == "iris"


def test_training_from_python_into_an_open_store_leaves_it_open(store: RunStore, experiment: Experiment) -> None:
    run = mtl_core.train(experiment(training__epochs=1), store)
    assert store.run(run.id).state == "finished"


def test_a_run_begins_with_the_shared_layers_of_another(store: RunStore, experiment: Experiment) -> None:
    first = train_run(store, experiment())
    spec = experiment(training__start_from={"kind": "from_run", "run": first}, training__shared={"freeze_epochs": 9})
    second = train_run(store, spec)
    texts = [event.message for event in store.events(second) if event.kind == "start"]
    assert texts[1].startswith("2 of 2 tensors of the shared layers come from ")
    one, two = (Checkpoint.load(best_checkpoint_path(store, run)).parts["model"] for run in (first, second))
    assert one["shared.0.weight"].equal(two["shared.0.weight"])


@pytest.mark.parametrize("other", [1, 99])
def test_beginning_with_a_run_that_has_no_model_is_refused(store: RunStore, experiment: Experiment, other: int) -> None:
    run = store.create_run(experiment(training__start_from={"kind": "from_run", "run": other}))
    ending = execute(store, run)
    assert (ending.state, type(ending.fault)) == ("failed", InputError)
    assert f"run {other}" in ending.error


def test_a_stopped_run_goes_on_without_the_file_it_began_with(
    store: RunStore, experiment: Experiment, tmp_path: Path
) -> None:
    first = train_run(store, experiment())
    trunk = tmp_path / "trunk.safetensors"
    trunk.write_bytes(best_checkpoint_path(store, first).read_bytes())
    stop = threading.Event()
    stop.set()
    run = store.create_run(experiment(training__start_from={"kind": "from_file", "path": str(trunk)}))
    assert execute(store, run, stop=stop).state == "stopped"
    trunk.unlink()
    assert execute(store, run).state == "finished"


@pytest.mark.parametrize(("weight", "lowered"), [(0.0, False), (1.0, True), (math.nan, True)])
def test_a_diverged_task_without_weight_is_not_to_be_weighed_less(weight: float, lowered: bool) -> None:
    def diverge() -> TrainingResult:
        raise DivergedError("width", 7, math.inf, weight)

    ending = run_training(cast(StoreRecorder, None), diverge)
    assert ending.state == "failed"
    assert "the loss of task 'width' became inf at step 7" in ending.error
    assert ("other loss weights" in ending.error) == lowered
    assert ("Its weight is 0 already" in ending.error) != lowered
