"""What the Live page shows of a run, computed without Qt."""

from dataclasses import replace

import pytest

from app.main_window.run_messages import ended_message
from app.pages.live.run_view import live_view, metric_names, stabilized_settings
from mtl_core.store import EventRecord, Progress, RunRecord, SeriesKey
from tests.app.synthetic import experiment

RUN = RunRecord(
    id=12,
    name="two digits",
    state="running",
    method="uncertainty",
    dataset="multidigits",
    tasks=("left", "right"),
    seed=0,
    device="CPU",
    versions={},
    fingerprint="",
    created=1000.0,
    started=1000.0,
    finished=None,
    seconds=0.0,
    heartbeat=1100.0,
    progress=Progress(6, 20, 1000, 6000, 12840.0, 70.0),
    pid=1,
    host="here",
    error="",
    tags=(),
    notes="",
    starred=False,
    archived=False,
    parent=None,
)
LATEST = {
    SeriesKey("left", "train", "loss"): 0.142,
    SeriesKey("left", "val", "loss"): 0.231,
    SeriesKey("left", "train", "weight"): 0.6,
    SeriesKey("right", "train", "weight"): 0.4,
    SeriesKey("left", "test", "accuracy"): 0.973,
}


def _event(kind: str, step: int = 0, data: dict[str, object] | None = None, message: str = "") -> EventRecord:
    return EventRecord(1, 12, step, kind, message, data or {}, 1000.0 + step / 10)  # type: ignore[arg-type]


def test_headers_say_the_current_losses() -> None:
    view = live_view(RUN, None, [], LATEST)
    assert view.headers["left"] == "train 0.142 · val 0.231"
    assert view.headers["right"] == ""
    assert view.chip == "Run 12"


def test_a_run_that_was_stopped_while_its_data_were_read_has_no_checkpoint() -> None:
    record = replace(RUN, state="stopped", progress=Progress())
    view = live_view(record, None, [], LATEST)
    assert view.notice.text == "Stopped before its first step. It begins anew when it is resumed."
    assert view.can_resume
    assert ended_message(record) == f"Run {RUN.id} was stopped before its first step."


def test_a_running_run_says_how_far_it_is_and_may_be_paused_and_stopped() -> None:
    view = live_view(RUN, None, [], LATEST)
    assert view.notice.text.startswith("epoch 7 of 20 · step 1\u202f000 of 6\u202f000 · 12\u202f840 samples/s")
    assert "1 min 10 s left" in view.notice.text
    assert view.notice.share == pytest.approx(1 / 6)
    assert (view.can_pause, view.can_resume, view.can_stop) == (True, False, True)


@pytest.mark.parametrize(
    ("state", "words", "action"),
    [
        ("queued", "Queued. It starts when", ""),
        ("paused", "Paused at step", ""),
        ("interrupted", "its process is gone", ""),
        ("stopped", "checkpoint is kept", ""),
        ("finished", "left accuracy 0.973", "compare"),
    ],
)
def test_every_state_says_what_is_going_on_and_what_can_be_done(state: str, words: str, action: str) -> None:
    view = live_view(replace(RUN, state=state), None, [], LATEST)  # type: ignore[arg-type]
    assert words in view.notice.text
    assert view.notice.action == action
    assert view.can_resume == (state in ("paused", "interrupted", "stopped"))


def test_a_finished_run_is_told_by_the_score_of_its_tasks() -> None:
    spec = experiment()
    left = spec.tasks[0].model_copy(update={"score": "f1"})
    spec = spec.model_copy(update={"tasks": (left, *spec.tasks[1:])})
    tests = {SeriesKey("left", "test", "f1"): 0.5, SeriesKey("right", "test", "auroc"): 0.25}
    text = live_view(replace(RUN, state="finished"), spec, [], {**LATEST, **tests}).notice.text
    assert "left f1 0.500 · right auroc 0.250" in text


def test_a_diverged_run_says_why_offers_other_settings_and_cannot_go_on() -> None:
    run = replace(RUN, state="failed", error="The loss of right is NaN.")
    view = live_view(run, None, [_event("start"), _event("nan", 900)], LATEST)
    assert "The loss of right is NaN. Resumed from its checkpoint it would diverge again" in view.notice.text
    assert (view.notice.tone, view.notice.action) == ("error", "soften")
    assert not view.can_resume


def test_a_run_that_failed_otherwise_can_go_on() -> None:
    run = replace(RUN, state="failed", error="CUDA out of memory")
    view = live_view(run, None, [_event("start"), _event("nan", 900), _event("start"), _event("error")], LATEST)
    assert "CUDA out of memory. Correct the cause" in view.notice.text
    assert view.notice.action == "training"
    assert view.can_resume


def test_softer_settings_are_half_the_rate_and_clipped_gradients() -> None:
    spec = experiment()
    training = spec.training.model_copy(update={"grad_clip": 0.5})
    rate = spec.training.optimizer.lr / 2
    assert stabilized_settings(spec) == {"training.optimizer.lr": rate, "training.grad_clip": 1.0}
    assert stabilized_settings(spec.model_copy(update={"training": training})) == {"training.optimizer.lr": rate}


def test_the_method_is_in_charge_until_a_hand_moves_a_weight() -> None:
    spec = experiment()
    before = live_view(RUN, spec, [], LATEST)
    assert before.control.sentence == "Set by the method: Uncertainty. Move a slider to take over."
    assert before.control.weights == {"left": 0.6, "right": 0.4}
    moved = _event("weights", 2600, {"weights": {"left": 0.36, "right": 1.0}})
    after = live_view(RUN, spec, [moved], LATEST)
    assert after.control.by_hand
    assert "yours since step 2\u202f600" in after.control.sentence
    assert after.control.weights == {"left": 0.36, "right": 1.0}
    assert after.markers == ((2600.0, "weights set: left 0.36, right 1"),)
    assert after.weights_header == "moved by hand at step 2\u202f600"


def test_weights_given_back_are_the_methods_again() -> None:
    moves = [_event("weights", 10, {"weights": {"left": 1.0, "right": 1.0}}), _event("weights", 20, {"weights": None})]
    view = live_view(RUN, experiment(), moves, LATEST)
    assert not view.control.by_hand
    assert view.markers[-1] == (20.0, "weights handed back to the method")
    assert view.control.weights == {"left": 0.6, "right": 0.4}


def test_a_queued_run_shows_the_weights_of_its_own_experiment_or_none() -> None:
    queued = replace(RUN, state="queued", progress=None)
    manual = experiment(weighting={"kind": "manual", "weights": {"left": 0.3}})
    assert live_view(queued, manual, [], {}).control.weights == {"left": 0.3, "right": 1.0}
    assert live_view(queued, manual, [], {}).control.sentence == "Not started. It will begin with these weights."
    other = live_view(queued, experiment(), [], {}).control
    assert (other.weights, other.enabled) == ({}, False)
    assert other.sentence == "Not started. The weights will be set by the method: Uncertainty."


def test_weights_of_a_run_that_is_over_cannot_be_moved() -> None:
    assert not live_view(replace(RUN, state="finished"), None, [], LATEST).control.enabled


def test_the_log_is_newest_first() -> None:
    view = live_view(RUN, None, [_event("start", message="started"), _event("epoch", message="epoch 1")], {})
    assert [line.split("  ")[1] for line in view.log] == ["epoch 1", "started"]


def test_validation_metrics_are_offered_in_their_order() -> None:
    keys = [SeriesKey("left", "val", "loss"), SeriesKey("left", "val", "accuracy"), SeriesKey("right", "val", "f1")]
    assert metric_names(keys) == ("accuracy", "f1")
