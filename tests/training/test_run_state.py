"""The parts of a run: state, checkpoints and request handler.

Covers: mtl_core/training/persistence/stateful.py, mtl_core/training/run_checkpoints.py.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mtl_core.training.persistence.checkpoints import Checkpoint
from mtl_core.training.request_handler import RequestHandler, StoppedError
from mtl_core.training.run_state import RunState, build_run_state
from mtl_core.training.trainer import Trainer
from mtl_core.training.training_run import TrainingRun
from tests.training.toy import (
    STEPS,
    Recording,
    assert_same_tensors,
    experiment,
    make_request,
    run,
    toy_data,
    weights_request,
)

CPU = torch.device("cpu")
EVERYTHING = {
    "weighting": {"kind": "gradnorm"},
    "training__averaging": {"kind": "ema"},
    "training__schedule": {"kind": "reduce_on_plateau"},
}


def new_state(**changes: object) -> RunState:
    return build_run_state(experiment(**changes), toy_data(), CPU, Recording())


def test_the_header_and_parts_of_a_checkpoint_are_those_of_every_version(tmp_path: Path) -> None:
    run(experiment(**EVERYTHING), tmp_path, script={7: [make_request("stop")]})
    saved = Checkpoint.load(tmp_path / "last.safetensors")
    assert set(saved.parts) == {"model", "optimizer", "weighting", "average", "history", "rng"}
    assert set(saved.values) == {
        "format", "step", "epoch", "threads", "groups", "monitor", "rate", "scale", "ruler", "kept",
        "fingerprint", "targets", "inputs", "durations",
    }  # fmt: skip
    assert set(saved.values["monitor"]) == {"best", "best_step", "mark", "waited", "substitute"}
    assert set(saved.values["rate"]) == {"factor", "best", "waited", "resting"}
    assert saved.values["kept"] == {}


def test_every_part_restores_its_state_into_a_new_run(tmp_path: Path) -> None:
    trained = run(experiment(**EVERYTHING), tmp_path, script={7: [make_request("stop")]}).state
    saved = Checkpoint.of_parts(trained.parts, {"fingerprint": "toy"})
    other = new_state(**EVERYTHING)
    assert other.parts.keys() == trained.parts.keys()
    for name, part in other.parts.items():
        part.load_state_dict(saved.state_of(name))
    again = Checkpoint.of_parts(other.parts, {"fingerprint": "toy"})
    assert repr(again.values) == repr(saved.values)
    for name, tensors in saved.parts.items():
        assert_same_tensors(again.parts[name], tensors)
    assert (other.step, other.epoch) == (7, 1)


def test_only_the_model_is_drawn_from_the_global_generator_and_nothing_seeds_it(tmp_path: Path) -> None:
    torch.manual_seed(5)
    first, second = new_state(), new_state()
    weights = [next(state.model.parameters()) for state in (first, second)]
    assert not torch.equal(*weights)
    before = torch.get_rng_state()
    Trainer(TrainingRun(first, Recording(), tmp_path))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_position_that_no_run_can_have_is_refused() -> None:
    counters = new_state().counters
    assert counters.steps == STEPS
    for step, epoch in ((STEPS + 1, 0), (11, 1), (3, 1), (0, 4), (-1, 0)):
        with pytest.raises(ValueError, match=r"\d"):
            counters.load_state_dict({"step": step, "epoch": epoch, "threads": None})
    assert (counters.step, counters.epoch) == (0, 0)


def test_requests_reach_the_run_they_were_made_to_and_a_pause_all(tmp_path: Path) -> None:
    recordings = [Recording({0: [make_request("pause"), weights_request(price=2.0)]}), Recording()]
    states = [build_run_state(experiment(), toy_data(), CPU, recording) for recording in recordings]
    runs = [
        TrainingRun(state, recording, tmp_path / str(i))
        for i, (state, recording) in enumerate(zip(states, recordings, strict=True))
    ]
    for recording in recordings:
        recording.step = lambda: 0
    RequestHandler(lambda: runs, lambda target, action: action(target), "paused").handle()
    assert [recording.kinds() for recording in recordings] == [["pause", "weights", "resume"], ["pause", "resume"]]
    assert [state.weighting.weights().tolist()[0] for state in states] == [2.0, 1.0]


def test_a_pause_ends_when_no_run_is_left_to_resume(tmp_path: Path) -> None:
    recording = Recording({0: [make_request("pause")]}, step=lambda: 0)
    active = [TrainingRun(build_run_state(experiment(), toy_data(), CPU, recording), recording, tmp_path)]

    def diverge(target: TrainingRun, _: Callable[[TrainingRun], None]) -> None:
        active.remove(target)

    RequestHandler(lambda: active, diverge, "paused").handle()
    assert active == []


def test_a_stop_is_raised_after_the_requests_before_it(tmp_path: Path) -> None:
    recording = Recording({0: [make_request("checkpoint"), make_request("stop")]}, step=lambda: 0)
    target = TrainingRun(build_run_state(experiment(), toy_data(), CPU, recording), recording, tmp_path)
    with pytest.raises(StoppedError):
        RequestHandler(lambda: [target], lambda one, action: action(one), "paused").handle()
    assert recording.saved == [("last", 0), ("step", 0)]
