"""Several seeds in one loop give the same results as alone.

Covers: mtl_core/training/joint/joint_step.py.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_core.datasets.data import TaskData
from mtl_core.spec import ExperimentSpec, InputError
from mtl_core.spec.study import with_seed
from mtl_core.training.joint.compatibility import check_compatible_specs
from mtl_core.training.joint.joint_trainer import JointTrainer
from mtl_core.training.metrics.step_buffer import DivergedError
from mtl_core.training.persistence.checkpoints import Checkpoint
from mtl_core.training.trainer import Trainer
from mtl_core.training.training_run import TrainingResult, TrainingRun, prepare_run
from tests.training.toy import (
    STEPS,
    Recording,
    Script,
    experiment,
    make_request,
    toy_data,
    weights_request,
    without_resources,
)

SEEDS = (3, 11, 4)
PLAIN = {
    "model__shared": [{"kind": "linear", "out_features": 8}, {"kind": "layer_norm"}, {"kind": "relu"}],
    "model__heads": {"price": [{"kind": "linear", "out_features": 4}, {"kind": "tanh"}]},
    "training__checkpoint_seconds": 0.0,
}


MIXED_PICTURES = {
    "dataset": {
        "kind": "bundled",
        "name": "shapes",
        "inputs": {"image": {"kind": "image", "column": "image", "augmentation": [{"kind": "mix_up"}]}},
    },
    "tasks": [{"name": "shape", "kind": "multiclass", "target": "shape"}],
    "model": {"shared": [{"kind": "flatten"}]},
}


def plain(**changes: Any) -> ExperimentSpec:
    return experiment(**{**PLAIN, **changes})


def joint_runs(
    spec: ExperimentSpec, folder: Path, data: TaskData, seeds: Sequence[int] = SEEDS, script: Script | None = None
) -> list[TrainingRun]:
    runs = []
    for seed in seeds:
        recording = Recording(script or {})
        run = prepare_run(with_seed(spec, seed), data, torch.device("cpu"), recording, folder / str(seed))
        recording.step = lambda run=run: run.state.step  # type: ignore[misc]
        runs.append(run)
    return runs


def train_alone(spec: ExperimentSpec, seed: int, folder: Path, data: TaskData) -> TrainingRun:
    run = prepare_run(with_seed(spec, seed), data, torch.device("cpu"), Recording(), folder / f"alone {seed}")
    Trainer(run).train()
    return run


def recording_of(run: TrainingRun) -> Recording:
    assert isinstance(run.recorder, Recording)
    return run.recorder


def assert_close_series(left: TrainingRun, right: TrainingRun) -> None:
    ours, theirs = (without_resources(recording_of(side).series) for side in (left, right))
    assert ours.keys() == theirs.keys()
    for key, (steps, values) in ours.items():
        assert steps.tolist() == theirs[key][0].tolist(), key
        np.testing.assert_allclose(values, theirs[key][1], rtol=1e-4, atol=1e-6, err_msg=str(key))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"training__grad_clip": 0.1},
        {"model__shared": [{"kind": "linear", "bias": False}, {"kind": "gelu"}, {"kind": "linear"}, {"kind": "relu"}]},
        {"training__shared": {"freeze_epochs": 1, "lr_factor": 0.5}},
        {"training__start_from": {"kind": "from_run"}, "training__fine_tuning": {"freeze_epochs": 1}},
        {"training__schedule": {"kind": "cosine", "warmup_steps": 4}},
        {"weighting": {"kind": "manual", "weights": {"price": 3.0, "kind": 0.2}}},
        {"weighting": {"kind": "equal", "moves": [{"step": 6, "weights": {"sold": 5.0}}]}},
        {"model__sharing": {"kind": "separate"}},
        {"model__sharing": {"kind": "cross_stitch"}},
        # All stop after two epochs, by a margin far above rounding.
        {
            "training__early_stopping": {"patience": 1, "min_delta": 5.0},
            "training__optimizer": {"kind": "sgd", "lr": 0.01},
        },
        *({"training__optimizer": {"kind": kind}} for kind in ("sgd", "adam", "nadam", "rmsprop", "adagrad", "adamax")),
    ],
    ids=str,
)
def test_each_seed_has_the_losses_scores_and_weights_it_has_alone(changes: dict[str, Any], tmp_path: Path) -> None:
    spec, data = plain(**changes), toy_data()
    runs = joint_runs(spec, tmp_path, data)
    results = JointTrainer(runs).train()
    for run, result in zip(runs, results, strict=True):
        single = train_alone(spec, run.state.spec.training.seed, tmp_path, data)
        assert isinstance(result, TrainingResult)
        assert (result.steps, result.best_step) == (single.state.step, single.state.monitor.best_step)
        assert_close_series(run, single)
        own, other = run.state.model.state_dict(), single.state.model.state_dict()
        assert all(torch.allclose(own[name], other[name], rtol=1e-3, atol=1e-5) for name in other)


def test_a_run_that_was_stopped_together_goes_on_alone_as_if_it_had_always_been(tmp_path: Path) -> None:
    spec, data = plain(), toy_data()
    runs = joint_runs(spec, tmp_path, data, script={7: [make_request("stop")]})
    assert [r.state for r in JointTrainer(runs).train() if isinstance(r, TrainingResult)] == ["stopped"] * 3
    folder = tmp_path / str(SEEDS[1])
    resumed = prepare_run(with_seed(spec, SEEDS[1]), data, torch.device("cpu"), Recording(), folder)
    best = Checkpoint.load(folder / "best.safetensors")
    resumed.restore(Checkpoint.load(folder / "last.safetensors"), best)
    assert resumed.state.step == 7
    outcome, single = Trainer(resumed).train(), train_alone(spec, SEEDS[1], tmp_path, data)
    assert outcome.steps == STEPS
    key = ("total", "train", "loss")
    together, after, whole = (recording_of(one).series[key][1] for one in (runs[1], resumed, single))
    np.testing.assert_allclose(np.concatenate([together, after]), whole, rtol=1e-4, atol=1e-6)


def test_pausing_one_pauses_all_and_moving_weights_is_for_one(tmp_path: Path) -> None:
    runs = joint_runs(plain(), tmp_path, toy_data())
    recording_of(runs[1]).script = {4: [weights_request(price=7.0)], 6: [make_request("pause")]}
    JointTrainer(runs).train()
    for run in runs:
        kinds = recording_of(run).kinds()
        assert (kinds.count("pause"), kinds.count("resume"), run.state.step) == (1, 1, STEPS)
    weights = [recording_of(run).series["price", "train", "weight"][1] for run in runs]
    assert weights[0].tolist() == weights[2].tolist() == [1.0] * STEPS
    assert weights[1].tolist() == [1.0] * 4 + [7.0] * (STEPS - 4)


def test_a_run_that_diverges_leaves_the_others_training(tmp_path: Path) -> None:
    spec, data = plain(), toy_data()
    runs = joint_runs(spec, tmp_path, data)
    with torch.no_grad():
        next(runs[1].state.model.parameters()).fill_(torch.nan)
    results = JointTrainer(runs).train()
    assert isinstance(results[1], DivergedError)
    assert [r.steps for r in results if isinstance(r, TrainingResult)] == [STEPS, STEPS]
    assert_close_series(runs[2], train_alone(spec, SEEDS[2], tmp_path, data))


@pytest.mark.parametrize("further", [[], [{"kind": "layer_norm"}]])
def test_dropout_draws_for_each_run_by_itself(further: list[Any], tmp_path: Path) -> None:
    spec = plain(model__shared=[{"kind": "linear", "out_features": 8}, {"kind": "dropout", "p": 0.5}, *further])
    runs = joint_runs(spec, tmp_path, toy_data(), seeds=(5, 5))
    JointTrainer(runs).train()
    one, two = (recording_of(run).series["total", "train", "loss"][1] for run in runs)
    assert not np.allclose(one[1:], two[1:])


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"weighting": {"kind": "pcgrad"}}, "weighting"),
        ({"weighting": {"kind": "equal", "normalize": "log"}}, "weighting.normalize"),
        ({"training__optimizer": {"kind": "muon"}}, "training.optimizer"),
        ({"training__schedule": {"kind": "reduce_on_plateau"}}, "training.schedule"),
        ({"training__averaging": {"kind": "ema"}}, "training.averaging"),
        ({"training__precision": "bf16"}, "training.precision"),
        ({"training__accumulate": 2}, "training.accumulate"),
        (
            {"training__start_from": {"kind": "from_run", "run": 1}, "training__keep": {"kind": "distil"}},
            "training.keep",
        ),
        ({"training__compile": True}, "training.compile"),
        (MIXED_PICTURES, "dataset.inputs.image.augmentation"),
        ({"training__compare_gradients": 5}, "training.compare_gradients"),
        ({"training__heads": {"l2": 0.1}}, "training.heads.l2"),
        ({"model__sharing": {"kind": "mmoe"}}, "model.sharing"),
    ],
    ids=str,
)
def test_settings_that_work_on_one_run_only_are_refused_by_name(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(InputError) as caught:
        check_compatible_specs([with_seed(plain(**changes), seed) for seed in SEEDS])
    assert [problem.path for problem in caught.value.problems] == [path]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"model__shared": [{"kind": "linear"}, {"kind": "batch_norm1d"}]}, "model"),
        (
            {
                "tasks": [{"name": "price", "kind": "regression", "target": "price", "loss": "gaussian_nll"}],
                "model__heads": {},
            },
            "tasks[0].loss",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_computed_for_several_runs_at_once_is_refused(
    changes: dict[str, Any], path: str, tmp_path: Path
) -> None:
    runs = joint_runs(plain(**changes), tmp_path, toy_data())
    with pytest.raises(InputError) as caught:
        JointTrainer(runs)
    assert caught.value.problem.path == path


def test_runs_that_differ_in_more_than_their_seeds_are_refused(tmp_path: Path) -> None:
    data = toy_data()
    runs = joint_runs(plain(), tmp_path, data, (1,)) + joint_runs(plain(training__batch_size=4), tmp_path, data, (2,))
    with pytest.raises(InputError, match="differ in seed"):
        JointTrainer(runs)
