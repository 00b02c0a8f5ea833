"""Runs that train together have rows, series and checkpoints of their own."""

import threading

import numpy as np
import pytest

from mtl_core.protocol.requests import StopRequest
from mtl_core.runner.execution import execute
from mtl_core.runner.joint_execution import check_joint_training, execute_jointly
from mtl_core.runner.saved_models import best_checkpoint_path
from mtl_core.spec import ExperimentSpec, InputError, study_members
from mtl_core.store import RunStore
from mtl_core.training import trainer
from mtl_core.training.persistence.checkpoints import Checkpoint
from tests.runner.conftest import Experiment
from tests.training.toy import without_resources

PLAIN = [{"kind": "linear", "out_features": 16}, {"kind": "relu"}]


def queue_runs(store: RunStore, spec: ExperimentSpec, *seeds: int) -> list[int]:
    return store.create_study(study_members(spec, seeds, baselines=False))


def test_each_run_is_kept_as_if_it_had_been_trained_alone(store: RunStore, experiment: Experiment) -> None:
    spec = experiment(model__shared=PLAIN)
    together, alone = queue_runs(store, spec, 1, 2), queue_runs(store, spec, 1, 2)
    endings = execute_jointly(store, together)
    assert [ending.state for ending in endings] == ["finished", "finished"]
    for run, other, ending in zip(together, alone, endings, strict=True):
        single = execute(store, other)
        assert ending.test is not None
        assert single.test is not None
        for task, scores in ending.test.items():
            assert scores == pytest.approx(single.test[task], rel=1e-4)
        ours, theirs = (without_resources(store.read(number)[0]) for number in (run, other))
        assert ours.keys() == theirs.keys()
        for key, points in ours.items():
            np.testing.assert_allclose(points.values, theirs[key].values, rtol=1e-4, err_msg=str(key))
        for name in ("best", "last"):
            one, two = (Checkpoint.load(store.artifacts_dir(r) / f"{name}.safetensors") for r in (run, other))
            assert {part: tensors.keys() for part, tensors in one.parts.items()} == {
                part: tensors.keys() for part, tensors in two.parts.items()
            }
        record, same = store.run(run), store.run(other)
        assert (record.state, record.fingerprint, record.progress and record.progress.step) == (
            same.state,
            same.fingerprint,
            same.progress and same.progress.step,
        )
        assert f"together with run {together[1 - together.index(run)]}" in store.events(run)[0].message


def test_stopping_one_stops_all_and_each_goes_on_alone(
    store: RunStore, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "TICK_SECONDS", 0.0)
    runs = queue_runs(store, experiment(model__shared=PLAIN), 1, 2)
    steps: list[int] = []

    def stop_at_five(progress: object) -> None:
        steps.append(getattr(progress, "step", 0))
        if steps[-1] == 5:
            store.add_request(runs[1], StopRequest())

    endings = execute_jointly(store, runs, observer=stop_at_five)
    assert [ending.state for ending in endings] == ["stopped", "stopped"]
    assert all(best_checkpoint_path(store, run).exists() for run in runs)
    with pytest.raises(InputError, match="must be resumed alone"):
        execute_jointly(store, runs)
    assert execute(store, runs[0]).state == "finished"


def test_a_process_that_is_asked_to_stop_stops_all(store: RunStore, experiment: Experiment) -> None:
    stop = threading.Event()
    stop.set()
    runs = queue_runs(store, experiment(model__shared=PLAIN), 1, 2)
    assert [ending.state for ending in execute_jointly(store, runs, stop=stop)] == ["stopped", "stopped"]


def test_what_cannot_be_trained_together_fails_with_the_reason_in_every_row(
    store: RunStore, experiment: Experiment
) -> None:
    spec = experiment(weighting={"kind": "pcgrad"})
    with pytest.raises(InputError, match="equal or manual"):
        check_joint_training([spec, spec])
    runs = queue_runs(store, spec, 1, 2)
    endings = execute_jointly(store, runs)
    assert all(isinstance(ending.fault, InputError) and "equal or manual" in ending.error for ending in endings)
    assert [store.run(run).state for run in runs] == ["failed", "failed"]
