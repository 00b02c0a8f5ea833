"""A run that was stopped or killed and resumed is bit-equal to one that was not."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mtl_core.datasets.data import TaskData
from mtl_core.errors import StoreError
from mtl_core.spec import InputError, Optimizer, Schedule, WeightMove, kind_of, members
from mtl_core.spec import Weighting as WeightingUnion
from mtl_core.training import run_state
from mtl_core.training.persistence.checkpoints import Checkpoint
from mtl_core.training.step import precision
from tests.training.toy import (
    PER_EPOCH,
    STEPS,
    Script,
    ToyRun,
    assert_same_series,
    assert_same_tensors,
    experiment,
    join_series,
    make_request,
    run,
    toy_data,
    weights_request,
)

WEIGHTINGS: list[dict[str, Any]] = [
    *({"kind": kind_of(member)} for member in members(WeightingUnion)),
    {"kind": "mgda", "normalization": "loss+"},
    {"kind": "nash_mtl", "update_every": 3, "normalize": "scale"},
    {"kind": "manual", "weights": {"price": 2.0, "kind": 0.25}},
]
SCHEDULES: list[dict[str, Any]] = [
    {"kind": "constant"},
    {"kind": "step", "every": 1, "gamma": 0.5},
    {"kind": "multi_step", "milestones": [1, 2]},
    {"kind": "exponential"},
    {"kind": "polynomial", "power": 2.0},
    {"kind": "cosine", "warmup_steps": 4},
    {"kind": "cosine_restarts", "first": 1},
    {"kind": "cyclic", "half": 1, "shrink": 0.5},
    {"kind": "one_cycle"},
    {"kind": "reduce_on_plateau", "patience": 1, "min_delta": 100.0},
    {"kind": "constant", "warmup_steps": 7},
]
OPTIMIZERS: list[dict[str, Any]] = [
    {"kind": "sgd", "momentum": 0.9, "nesterov": True},
    {"kind": "sgd", "momentum": 0.0, "weight_decay": 0.01},
    {"kind": "adam"},
    {"kind": "adamw"},
    {"kind": "nadam"},
    {"kind": "rmsprop", "momentum": 0.5, "centered": True},
    {"kind": "adagrad", "lr_decay": 0.1},
    {"kind": "adamax"},
    {"kind": "muon"},
]


def test_every_kind_is_tried() -> None:
    assert {w["kind"] for w in WEIGHTINGS} == set(map(kind_of, members(WeightingUnion)))
    assert {s["kind"] for s in SCHEDULES} == set(map(kind_of, members(Schedule)))
    assert {o["kind"] for o in OPTIMIZERS} == set(map(kind_of, members(Optimizer)))


def assert_resumes(
    folder: Path, changes: dict[str, Any], step: int, script: Script | None = None, data: TaskData | None = None
) -> None:
    """Killed some steps after a checkpoint at a step, a run goes on as if nothing had been."""
    spec = experiment(**changes)
    script = dict(script or {})
    whole = run(spec, folder / "whole", data=data, script=script)
    saving = {**script, step: [*script.get(step, ()), make_request("checkpoint")]}
    killed = run(spec, folder / "killed", data=data, script=saving, kill_at=min(step + 4, STEPS - 1))
    assert killed.final_state == "killed"
    after = run(spec, folder / "killed", data=data, script=script, resume=True, moves=_manual_moves(killed))
    assert_goes_on(whole, killed, after, step)


def assert_goes_on(whole: ToyRun, before: ToyRun, after: ToyRun, step: int) -> None:
    """Outcome, every tensor and every point are those of the run that never stopped."""
    assert after.outcome == whole.outcome
    assert_same_tensors(after.parameters(), whole.parameters())
    assert_same_tensors(after.state.weighting.state_dict(), whole.state.weighting.state_dict())
    assert_same_series(join_series(before, after, step), whole.recording.series)


def _manual_moves(before: ToyRun) -> list[WeightMove]:
    events = [data for _, kind, _, data in before.recording.events if kind == "weights" and not data["replayed"]]
    return [WeightMove(step=data["step"], weights=data["weights"]) for data in events]


LONGEST = max(len(WEIGHTINGS), len(OPTIMIZERS), len(SCHEDULES))
TRIPLES = [tuple(kinds[i % len(kinds)] for kinds in (WEIGHTINGS, OPTIMIZERS, SCHEDULES)) for i in range(LONGEST)]
"""Every weighting, every optimizer and every schedule at least once."""


def _name(part: Any) -> str:
    return "-".join(map(str, part.values()))


@pytest.mark.parametrize(("weighting", "optimizer", "schedule"), TRIPLES, ids=_name)
def test_resuming_is_bit_equal_for_every_weighting_optimizer_and_schedule(
    tmp_path: Path, weighting: Any, optimizer: Any, schedule: Any
) -> None:
    step = random.Random(str((weighting, optimizer))).randrange(1, STEPS - 1)
    changes = {"weighting": weighting, "training__optimizer": {**optimizer, "lr": 0.02}}
    assert_resumes(tmp_path, {**changes, "training__schedule": schedule, "training__grad_clip": 1.0}, step)


@pytest.mark.parametrize("step", [0, 3, PER_EPOCH - 1, PER_EPOCH, PER_EPOCH + 1, STEPS - 2])
@pytest.mark.parametrize("chunk", [1, 2])
def test_resuming_is_bit_equal_in_the_middle_of_a_gathered_chunk(
    tmp_path: Path, chunk_of: Callable[[int], None], chunk: int, step: int
) -> None:
    chunk_of(chunk)
    assert_resumes(tmp_path, {"weighting": {"kind": "dwa"}}, step)


SETTINGS: list[dict[str, Any]] = [
    {"sampling": {"kind": "balanced_classes", "task": "kind"}},
    {"sampling": {"kind": "balanced_tasks"}},
    {"sampling": {"kind": "task_proportions", "proportions": {"sold": 2.5, "kind": 0.3}}},
    {"shared": {"lr_factor": 0.1, "l1": 0.01, "depth_factor": 0.5}, "heads": {"weight_decay": 0.1, "l2": 0.1}},
    {"averaging": {"kind": "ema", "decay": 0.9}},
    {"averaging": {"kind": "swa", "start": 0.3}},
    {"precision": "bf16"},
    {"accumulate": 3},
    {"shared": {"freeze_epochs": 1}, "compare_gradients": 2},
    {"accumulate": 2, "precision": "bf16", "averaging": {"kind": "swa", "start": 0.0}},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("step", [3, PER_EPOCH + 1])
@pytest.mark.parametrize("weighting", ["equal", "uncertainty", "mgda"])
def test_resuming_is_bit_equal_with_any_way_to_train(
    tmp_path: Path, settings: dict[str, Any], step: int, weighting: str
) -> None:
    changes = {f"training__{name}": value for name, value in settings.items()}
    assert_resumes(tmp_path, {"weighting": {"kind": weighting}, **changes}, step)


def test_a_checkpoint_of_before_there_were_schedules_by_results_goes_on(tmp_path: Path) -> None:
    spec = experiment()
    whole = run(spec, tmp_path / "whole")
    run(spec, tmp_path / "old", script={7: [make_request("stop")]})
    path = tmp_path / "old" / "last.safetensors"
    saved = Checkpoint.load(path)
    values = {name: value for name, value in saved.values.items() if name not in ("rate", "scale")}
    for group in values["groups"]:
        del group["lr_factor"]
    Checkpoint({name: part for name, part in saved.parts.items() if name != "average"}, values).save(path)
    assert_same_tensors(run(spec, tmp_path / "old", resume=True).parameters(), whole.parameters())


@pytest.mark.parametrize("weighting", ["equal", "gradnorm", "mgda"])
def test_resuming_is_bit_equal_in_half_precision_with_steps_that_overflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weighting: str
) -> None:
    monkeypatch.setattr(run_state, "check_precision", lambda *_: None)  # the CPU can, only slowly
    monkeypatch.setattr(precision, "_INITIAL_SCALE", 2.0**24)
    monkeypatch.setattr(precision, "_GROWTH_INTERVAL", 3)
    assert_resumes(tmp_path, {"weighting": {"kind": weighting}, "training__precision": "fp16"}, 6)


@pytest.mark.parametrize("step", [0, 4, PER_EPOCH, STEPS - 1])
def test_a_run_that_was_stopped_and_kept_goes_on_bit_equal(tmp_path: Path, step: int) -> None:
    spec = experiment(weighting={"kind": "pcgrad"})
    whole = run(spec, tmp_path / "whole")
    stopped = run(spec, tmp_path / "stopped", script={step: [make_request("stop")]})
    assert stopped.final_state == "stopped"
    assert ("price", "test", "loss") in stopped.recording.series
    assert_goes_on(whole, stopped, run(spec, tmp_path / "stopped", resume=True), step)


MOVES = {
    2: [weights_request(price=3.0)],
    6: [weights_request(price=0.5, kind=2.0)],
    9: [make_request("weights", weights=None)],
    12: [weights_request(sold=4.0)],
}


@pytest.mark.parametrize("weighting", WEIGHTINGS, ids=_name)
@pytest.mark.parametrize("step", [2, 7])
def test_resuming_is_bit_equal_with_weights_moved_by_hand(tmp_path: Path, weighting: Any, step: int) -> None:
    assert_resumes(tmp_path, {"weighting": weighting}, step, MOVES)


@pytest.mark.parametrize("weighting", WEIGHTINGS, ids=_name)
def test_replaying_moves_repeats_a_run_in_which_they_were_made_by_hand(tmp_path: Path, weighting: Any) -> None:
    script = {
        **MOVES,
        PER_EPOCH: [weights_request(kind=9.0)],
        2 * PER_EPOCH: [weights_request(price=0.1), weights_request(price=0.2)],
    }
    live = run(experiment(weighting=weighting), tmp_path / "live", script=script)
    moves = [move.model_dump() for move in _manual_moves(live)]
    again = run(experiment(weighting={**weighting, "moves": moves}), tmp_path / "again")
    assert_same_tensors(again.parameters(), live.parameters())
    assert_same_series(again.recording.series, live.recording.series)
    assert all(data["replayed"] for _, kind, _, data in again.recording.events if kind == "weights")


def test_a_hand_move_wins_over_a_replayed_one_of_the_same_step(tmp_path: Path) -> None:
    spec = experiment(weighting={"kind": "equal", "moves": [{"step": 4, "weights": {"price": 5.0}}]})
    live = run(spec, tmp_path, script={4: [weights_request(price=7.0)]})
    steps, weights = live.recording.series["price", "train", "weight"]
    assert dict(zip(steps.tolist(), weights.tolist(), strict=True))[4] == 7.0


def test_resuming_twice_and_thrice_is_bit_equal(tmp_path: Path) -> None:
    spec = experiment(weighting={"kind": "gradnorm"})
    whole = run(spec, tmp_path / "whole")
    folder = tmp_path / "parts"
    parts = [run(spec, folder, script={3: [make_request("stop")]})]
    for step in (4, 5, 11):
        parts.append(run(spec, folder, script={step: [make_request("stop")]}, resume=True))
    last = run(spec, folder, resume=True)
    assert [part.state.step for part in parts] == [3, 4, 5, 11]
    assert_same_tensors(last.parameters(), whole.parameters())


def test_how_often_losses_are_copied_out_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = experiment(weighting={"kind": "uncertainty"})
    often = run(spec, tmp_path / "often")
    monkeypatch.setattr("mtl_core.training.trainer.TICK_SECONDS", 1e9)
    seldom = run(spec, tmp_path / "seldom")
    assert_same_series(often.recording.series, seldom.recording.series)
    assert_same_tensors(often.parameters(), seldom.parameters())


def test_pausing_and_going_on_is_bit_equal_and_told(tmp_path: Path) -> None:
    spec = experiment()
    whole = run(spec, tmp_path / "whole")
    paused = run(spec, tmp_path / "paused", script={7: [make_request("pause")]})
    assert_same_series(paused.recording.series, whole.recording.series)
    assert_same_tensors(paused.parameters(), whole.parameters())
    pause_events = [(step, kind) for step, kind, _, _ in paused.recording.events if kind in ("pause", "resume")]
    assert pause_events == [(7, "pause"), (7, "resume")]
    assert ("last", 7) in paused.recording.saved


def test_weights_moved_during_a_pause_hold_from_the_next_step(tmp_path: Path) -> None:
    paused = run(experiment(), tmp_path, script={7: [make_request("pause"), weights_request(kind=3.0)]})
    assert paused.recording.series["kind", "train", "weight"][1].tolist() == [1.0] * 7 + [3.0] * (STEPS - 7)


def test_a_stop_during_a_pause_ends_the_run(tmp_path: Path) -> None:
    assert (
        run(experiment(), tmp_path, script={7: [make_request("pause"), make_request("stop")]}).final_state == "stopped"
    )


def test_resuming_counts_with_the_threads_the_run_began_with(tmp_path: Path) -> None:
    spec = experiment()
    run(spec, tmp_path, script={3: [make_request("stop")]})
    after = run(spec.model_copy(), tmp_path, resume=True)
    assert after.state.counters.threads == 1


def test_other_data_is_refused(tmp_path: Path) -> None:
    run(experiment(), tmp_path, script={3: [make_request("stop")]})
    with pytest.raises(InputError, match="the data has changed"):
        run(experiment(), tmp_path, resume=True, data=replace(toy_data(), fingerprint="other"))


@pytest.mark.parametrize(
    "changes",
    [
        {"model__shared": [{"kind": "linear", "out_features": 9}]},
        {"weighting": {"kind": "gradnorm"}},
    ],
    ids=["model", "weighting"],
)
def test_a_checkpoint_of_another_experiment_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    run(experiment(), tmp_path, script={3: [make_request("stop")]})
    with pytest.raises(StoreError):
        run(experiment(**changes), tmp_path, resume=True)
