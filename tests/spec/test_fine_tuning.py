"""Fine-tuning in a spec: what it needs, and the learning rate in its two phases.

Covers: mtl_core/spec/training/fine_tuning.py, mtl_core/spec/validation/fine_tuning.py.
"""

from typing import Any

import pytest

from mtl_core.spec import Schedule, learning_rate, learning_rates, members, problems_of, set_at
from mtl_core.spec.training.fine_tuning import FineTuning
from mtl_core.spec.training.schedules import ConstantSchedule, OneCycleSchedule

STEPS, PER_EPOCH, PEAK = 60, 12, 0.5
PRETRAINED = [{"kind": "pretrained", "path": "folder"}]
TUNED: dict[str, Any] = {
    "version": 2,
    "dataset": {"kind": "table", "path": "a.csv", "inputs": ["a"]},
    "tasks": [{"name": "b", "kind": "regression", "target": "b"}],
    "model": {"shared": [{"kind": "linear"}]},
    "training": {"start_from": {"kind": "from_run", "run": 1}, "fine_tuning": {"freeze_epochs": 2}},
}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, ""),
        ({"training.start_from": {"kind": "scratch"}}, "training.fine_tuning: fine-tunes layers that were trained"),
        ({"model.sharing": {"kind": "lora"}}, ""),
        *(
            ({"model.sharing": {"kind": kind}}, "training.fine_tuning: with '")
            for kind in ("separate", "soft", "prompts", "prefixes")
        ),
        ({"training.keep": {"kind": "freeze"}}, "training.fine_tuning: shared layers that are kept frozen"),
        ({"training.epochs": 2}, "training.fine_tuning.freeze_epochs: must be below the 2 epochs of the run"),
        ({"training.shared": {"freeze_epochs": 1}}, "training.shared.freeze_epochs: fine-tuning sets this itself"),
        ({"training.shared": {"depth_factor": 0.5}}, "training.shared.depth_factor: fine-tuning sets this itself"),
        ({"training.shared": {"lr_factor": 0.5}}, ""),
    ],
    ids=str,
)
def test_it_needs_layers_trained_before_and_is_set_in_one_place(changes: dict[str, Any], problem: str) -> None:
    data = TUNED
    for path, value in changes.items():
        data = set_at(data, path, value)
    problems = [str(found) for found in problems_of(data)]
    assert [found[: len(problem)] for found in problems] == ([problem] if problem else [])


@pytest.mark.parametrize("place", ["model.shared", "model.inputs"])
def test_a_pretrained_model_is_trained_before(place: str) -> None:
    layers: Any = PRETRAINED if place == "model.shared" else {"photo": PRETRAINED}
    data = set_at(set_at(TUNED, "training.start_from", {"kind": "scratch"}), place, layers)
    data = set_at(data, "dataset.inputs", {"photo": {"kind": "image", "column": "a"}})
    assert problems_of(data) == []


@pytest.mark.parametrize("kind", members(Schedule))
def test_the_schedule_runs_once_in_each_phase_the_second_time_lower(kind: Any) -> None:
    schedule, tuning = kind(warmup_steps=3), FineTuning(freeze_epochs=2, lr_factor=0.25)
    border = 2 * PER_EPOCH
    rates = [learning_rate(schedule, PEAK, step, STEPS, PER_EPOCH, tuning=tuning) for step in range(STEPS)]
    first = [learning_rate(schedule, PEAK, step, border, PER_EPOCH) for step in range(border)]
    second = [learning_rate(schedule, PEAK / 4, step, STEPS - border, PER_EPOCH) for step in range(STEPS - border)]
    assert rates == first + second


@pytest.mark.parametrize("points", [2, 7, 400])
def test_the_drawn_curve_has_the_step_between_the_phases(points: int) -> None:
    tuning = FineTuning(freeze_epochs=2)
    for schedule in (ConstantSchedule(), OneCycleSchedule()):
        at, rates = learning_rates(schedule, PEAK, STEPS, PER_EPOCH, points, tuning=tuning)
        assert {0, 23, 24, STEPS - 1} <= set(at)
        assert at == sorted(set(at))
        assert rates == [learning_rate(schedule, PEAK, step, STEPS, PER_EPOCH, tuning=tuning) for step in at]


def test_rates_fall_by_one_factor_from_the_heads_to_the_first_layer() -> None:
    tuning = FineTuning(lr_range=1000.0)
    shares = [1.0, *(tuning.depth_factor(behind, 3) for behind in range(3))]
    assert shares == pytest.approx([1.0, 0.1, 0.01, 0.001])
    assert tuning.depth_factor(0, 0) == pytest.approx(0.001)
