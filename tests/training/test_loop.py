"""The training loop: steps, epochs, series, requests and progress.

Covers: mtl_core/training/training_step.py, mtl_core/training/recorder.py, mtl_core/training/metrics/metric_log.py,
mtl_core/training/metrics/loss_floor.py.
"""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_core.datasets.data import Split, TaskData
from mtl_core.spec import InputError
from mtl_core.training import run_evaluator, run_state, trainer
from mtl_core.training.metrics.step_buffer import DivergedError
from mtl_core.training.persistence.checkpoints import Checkpoint
from mtl_core.training.training_run import TrainingResult, prepare_run
from tests.training.toy import (
    PER_EPOCH,
    STEPS,
    TASKS,
    Recording,
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


def values(toy_run: ToyRun, task: str, split: str, metric: str) -> dict[int, float]:
    steps, found = toy_run.recording.series[task, split, metric]
    return dict(zip(steps.tolist(), found.tolist(), strict=True))


def test_every_step_and_every_epoch_is_recorded_once(tmp_path: Path) -> None:
    toy_run = run(experiment(), tmp_path, data=toy_data(masked=False))
    series = toy_run.recording.series
    assert toy_run.outcome
    for task in (*TASKS, "total"):
        assert series[task, "train", "loss"][0].tolist() == list(range(STEPS))
        assert series[task, "val", "loss"][0].tolist() == [PER_EPOCH, 2 * PER_EPOCH, 3 * PER_EPOCH]
        assert len(series[task, "test", "loss"][0]) == 1
    assert series["", "train", "lr"][0].tolist() == list(range(STEPS))
    assert toy_run.recording.directions == {"loss": "min", "rmse": "min", "accuracy": "max"}
    assert toy_run.outcome == TrainingResult("finished", STEPS, toy_run.state.monitor.best_step, toy_run.outcome.test)


def test_the_total_is_the_sum_of_what_was_there(tmp_path: Path) -> None:
    toy_run = run(experiment(weighting={"kind": "manual", "weights": {"price": 3.0}}), tmp_path)
    total_loss = dict.fromkeys(range(STEPS), 0.0)
    for task, weight in (("price", 3.0), ("sold", 1.0), ("kind", 1.0)):
        for step, loss in values(toy_run, task, "train", "loss").items():
            total_loss[step] += weight * loss
    assert values(toy_run, "total", "train", "loss") == pytest.approx(total_loss)
    assert len(values(toy_run, "sold", "train", "loss")) < STEPS


def test_training_lowers_the_losses(tmp_path: Path) -> None:
    spec = experiment(training__epochs=40, training__optimizer={"kind": "adam", "lr": 0.02})
    toy_run = run(spec, tmp_path, data=toy_data(masked=False))
    losses = list(values(toy_run, "total", "val", "loss").values())
    assert losses[-1] < 0.6 * losses[0]


def test_moved_weights_show_from_the_step_at_which_they_took_effect(tmp_path: Path) -> None:
    toy_run = run(
        experiment(), tmp_path, script={4: [weights_request(price=2.5)], 9: [make_request("weights", weights=None)]}
    )
    assert list(values(toy_run, "price", "train", "weight").values()) == [1.0] * 4 + [2.5] * 5 + [1.0] * (STEPS - 9)
    events = [(step, data) for step, kind, _, data in toy_run.recording.events if kind == "weights"]
    every = {"price": 2.5, "sold": 1.0, "kind": 1.0}
    assert events == [
        (4, {"weights": every, "step": 4, "replayed": False}),
        (9, {"weights": None, "step": 9, "replayed": False}),
    ]


def test_moved_weights_change_what_is_learned(tmp_path: Path) -> None:
    plain = run(experiment(), tmp_path / "a")
    toy_run = run(experiment(), tmp_path / "b", script={4: [weights_request(price=2.5)]})
    assert values(plain, "kind", "train", "loss")[4] == values(toy_run, "kind", "train", "loss")[4]
    assert values(plain, "kind", "train", "loss")[5] != values(toy_run, "kind", "train", "loss")[5]


@pytest.mark.parametrize("weights", [{"prize": 1.0}, {"price": -1.0}, {"price": math.nan}])
def test_weights_that_cannot_be_are_refused_and_the_run_goes_on(tmp_path: Path, weights: Any) -> None:
    toy_run = run(experiment(), tmp_path, script={4: [make_request("weights", weights=weights)]})
    assert toy_run.final_state == "finished"
    (warning,) = [text for _, kind, text, _ in toy_run.recording.events if kind == "warning"]
    assert warning.startswith("the loss weights were not changed")
    assert "\n" not in warning
    assert set(values(toy_run, "price", "train", "weight").values()) == {1.0}


def diverging(step: int) -> TaskData:
    """Data whose row for a step of the first epoch has a target so large that its squared error is infinite."""
    data = toy_data(masked=False)
    from mtl_core.training.runtime.seeding import epoch_order

    row = int(epoch_order(len(data.train), 3, 0)[step * 8])
    targets = dict(data.train.targets)
    targets["price"] = targets["price"].clone()
    targets["price"][row] = 1e30
    return replace(data, train=Split(data.train.inputs, targets))


@pytest.mark.parametrize("tick", [0.0, 1e9])
def test_an_infinite_loss_ends_the_run_naming_task_and_step(
    tmp_path: Path, tick: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "TICK_SECONDS", tick)
    recording = Recording()
    spec = experiment(training__checkpoint_seconds=0.0)
    prepared = prepare_run(spec, diverging(3), torch.device("cpu"), recording, tmp_path)
    with pytest.raises(DivergedError, match=r"the loss of task 'price' became inf at step 3") as caught:
        trainer.Trainer(prepared).train()
    assert (caught.value.task, caught.value.step, caught.value.value) == ("price", 3, math.inf)
    assert recording.series["price", "train", "loss"][0].tolist() == [0, 1, 2]
    assert recording.events[-1] == (3, "nan", str(caught.value), {"task": "price"})
    saved = Checkpoint.load(tmp_path / "last.safetensors")
    assert saved.values["step"] <= 3
    assert all(tensor.isfinite().all() for tensor in saved.parts["model"].values())


def test_no_checkpoint_is_written_of_a_model_that_the_last_step_has_broken(tmp_path: Path) -> None:
    class Breaking(Recording):
        def requests(self) -> Any:
            if self.step() == 7:
                with torch.no_grad():
                    next(prepared.state.model.parameters()).fill_(math.nan)
                return [make_request("checkpoint")]
            return [make_request("checkpoint")] if self.step() == 6 else []

    recording = Breaking()
    prepared = prepare_run(experiment(), toy_data(masked=False), torch.device("cpu"), recording, tmp_path)
    recording.step = lambda: prepared.state.step
    with pytest.raises(DivergedError, match="at step 7"):
        trainer.Trainer(prepared).train()
    assert Checkpoint.load(tmp_path / "last.safetensors").values["step"] == 6


def test_a_model_broken_by_the_last_step_of_an_epoch_is_found_by_its_validation(tmp_path: Path) -> None:
    recording = Recording()
    prepared = prepare_run(experiment(training__epochs=1), toy_data(), torch.device("cpu"), recording, tmp_path)
    step = prepared.state.optimizer.step

    def breaking() -> None:
        step()
        if prepared.state.step == PER_EPOCH - 1:
            with torch.no_grad():
                next(prepared.state.model.parameters()).fill_(math.inf)

    prepared.state.optimizer.step = breaking  # type: ignore[method-assign,assignment]
    with pytest.raises(DivergedError, match=f"at step {PER_EPOCH}$"):
        trainer.Trainer(prepared).train()
    assert len(recording.series["kind", "train", "loss"][0]) == PER_EPOCH
    assert not (tmp_path / "last.safetensors").exists()


def scripted_validation(monkeypatch: pytest.MonkeyPatch, losses: list[float]) -> None:
    """Validation after epoch ``i`` gives ``losses[i]`` for the price, and 1 for everything else."""

    def score(model: Any, batches: Any, kept: Any = None) -> dict[str, dict[str, float]]:
        found = {task: {"loss": 1.0, "accuracy": 0.5} for task in TASKS}
        step = int(model.epochs_seen)
        found["price"]["loss"] = losses[min(step, len(losses) - 1)]
        model.epochs_seen = step + 1
        return found

    from mtl_core.architectures.sharing.hard import HardSharingModel

    monkeypatch.setattr(HardSharingModel, "epochs_seen", 0, raising=False)
    monkeypatch.setattr(run_evaluator, "Scorer", lambda tasks, device: score)


@pytest.mark.parametrize(
    ("losses", "patience", "min_delta", "epochs", "best"),
    [
        ([5, 4, 3, 3, 3, 3, 3], 2, 0.0, 5, 3),
        ([5, 4, 4.5, 4.2, 3.9, 9, 9, 9], 3, 0.0, 8, 5),
        ([5, 4.95, 4.92, 4.85, 4.8], 3, 0.1, 7, 5),
        ([5, 4.99, 4.98, 4.97, 4.96], 2, 0.1, 3, 3),
        ([5, math.nan, 4, math.nan, math.nan], 2, 0.0, 5, 3),
        ([5, 5, 5], 1, 0.0, 2, 1),
        ([9, 8, 7, 6, 5, 4, 3, 2], 1, 0.0, 8, 8),
    ],
)
@pytest.mark.parametrize("stop_at", [None, 3 * PER_EPOCH + 2, 2 * PER_EPOCH])
def test_early_stopping_counts_epochs_without_improvement_also_after_resuming(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    losses: list[float],
    patience: int,
    min_delta: float,
    epochs: int,
    best: int,
    stop_at: int | None,
) -> None:
    stopping = {"patience": patience, "min_delta": min_delta}
    spec = experiment(training__epochs=8, training__monitor="price", training__early_stopping=stopping)
    scripted_validation(monkeypatch, losses)
    toy_run = run(spec, tmp_path, script={stop_at: [make_request("stop")]} if stop_at is not None else {})
    if toy_run.final_state == "stopped":
        scripted_validation(monkeypatch, losses[toy_run.state.epoch :])
        toy_run = run(spec, tmp_path, resume=True)
    assert toy_run.state.epoch == epochs
    assert toy_run.outcome
    assert toy_run.outcome.state == "finished"
    assert toy_run.outcome.best_step == best * PER_EPOCH
    if epochs < 8:
        assert toy_run.recording.events[-1][2].startswith(f"no better price for {patience} epochs")


@pytest.mark.parametrize("monitor", ["total", "price", "price.rmse", "kind.accuracy"])
def test_the_best_checkpoint_is_that_of_the_monitored_value(tmp_path: Path, monitor: str) -> None:
    spec = experiment(training__epochs=6, training__monitor=monitor, training__optimizer={"kind": "adam", "lr": 0.3})
    toy_run = run(spec, tmp_path)
    task, _, metric = monitor.partition(".")
    found = values(toy_run, task, "val", metric or "loss")
    best = (max if metric == "accuracy" else min)(found.values())
    step = next(step for step, value in found.items() if value == best)
    saved = Checkpoint.load(tmp_path / "best.safetensors")
    assert toy_run.outcome
    assert saved.values["step"] == step == toy_run.outcome.best_step
    partial = run(
        spec.model_copy(update={"training": spec.training.model_copy(update={"epochs": step // PER_EPOCH})}),
        tmp_path / "b",
    )
    assert_same_tensors(Checkpoint.load(tmp_path / "b" / "last.safetensors").parts["model"], saved.parts["model"])
    assert values(toy_run, "total", "test", "loss").keys() == {step}
    assert partial.outcome


def test_a_stopped_run_keeps_what_it_has(tmp_path: Path) -> None:
    toy_run = run(experiment(), tmp_path, script={7: [make_request("stop")]})
    assert toy_run.outcome
    assert (toy_run.outcome.state, toy_run.outcome.steps) == ("stopped", 7)
    assert toy_run.outcome.test.keys() == set(TASKS)
    assert Checkpoint.load(tmp_path / "last.safetensors").values["step"] == 7
    assert values(toy_run, "kind", "train", "loss").keys() == set(range(7))


def test_a_run_stopped_before_its_first_step_can_be_resumed(tmp_path: Path) -> None:
    toy_run = run(experiment(), tmp_path, script={0: [make_request("stop")]})
    assert toy_run.final_state == "stopped"
    assert run(experiment(), tmp_path, resume=True).final_state == "finished"


def test_progress_counts_completed_epochs_and_reaches_the_end(tmp_path: Path) -> None:
    reports = run(experiment(), tmp_path).recording.reports
    assert [(r.step, r.epoch) for r in reports[:-1]] == [(s, s // PER_EPOCH) for s in range(STEPS)]
    assert (reports[-1].step, reports[-1].epoch) == (STEPS, 3)
    assert {(r.steps, r.epochs) for r in reports} == {(STEPS, 3)}
    assert all(r.eta_seconds >= 0 and r.samples_per_second >= 0 for r in reports)


def test_a_resumed_run_reports_no_time_left_before_it_has_trained_a_step_again(tmp_path: Path) -> None:
    script = {7: [make_request("pause")]}  # the recording resumes it when it is asked again
    reports = run(experiment(), tmp_path, script=script).recording.reports
    of_step = [(r.samples_per_second > 0, r.eta_seconds > 0) for r in reports if r.step == 7]
    assert of_step == [(True, True), (False, False)]
    assert next(r for r in reports if r.step == 8).eta_seconds > 0


def test_data_that_does_not_fit_on_the_device_gives_the_same_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitting = run(experiment(), tmp_path / "a")
    monkeypatch.setattr(run_state, "fits_on_device", lambda size, device: False)
    monkeypatch.setattr(TaskData, "to", lambda *_: pytest.fail("moved as a whole"))
    streamed = run(experiment(), tmp_path / "b")
    assert_same_series(fitting.recording.series, streamed.recording.series)


def test_the_same_seed_gives_the_same_run_and_another_seed_another(tmp_path: Path) -> None:
    first, second = run(experiment(), tmp_path / "a"), run(experiment(), tmp_path / "b")
    other = run(experiment(training__seed=4), tmp_path / "c")
    assert_same_series(first.recording.series, second.recording.series)
    assert values(other, "kind", "train", "loss") != values(first, "kind", "train", "loss")


def test_training_leaves_its_data_and_the_number_of_threads_alone(tmp_path: Path) -> None:
    data, before = toy_data(), torch.get_num_threads()
    copies = {name: tensor.clone() for name, tensor in data.train.targets.items()}
    run(experiment(training__threads=2), tmp_path, data=data)
    assert_same_tensors(data.train.targets, copies)
    assert torch.get_num_threads() == before


def test_batch_normalization_with_a_single_training_row_is_refused_before_anything(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^dataset\.split\.train: .*found one training row"):
        run(experiment(), tmp_path, data=toy_data(rows=1))
    with pytest.raises(InputError, match=r"^training\.batch_size: batch normalization needs at least two rows"):
        run(experiment(training__batch_size=1), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_batch_normalization_one_row_at_a_time_can_be_trained(tmp_path: Path) -> None:
    spec = experiment(training__batch_size=1, training__epochs=1, model__shared=[{"kind": "linear"}])
    assert run(spec, tmp_path).state.step == 37


def test_a_last_batch_of_one_row_is_left_out(tmp_path: Path) -> None:
    toy_run = run(experiment(training__epochs=1), tmp_path, data=toy_data(rows=33))
    assert toy_run.state.step == 4


@pytest.mark.parametrize("kind", ["pcgrad", "mgda", "gradnorm", "uncertainty", "dwa", "equal"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_task_without_labels_in_the_first_batches_is_learned_later(tmp_path: Path, kind: str, optimizer: str) -> None:
    data = toy_data(masked=False)
    mask = torch.zeros(37, dtype=torch.bool)
    mask[5] = True
    data = replace(data, train=Split(data.train.inputs, data.train.targets, {"sold": mask}))
    spec = experiment(weighting={"kind": kind}, training__optimizer={"kind": optimizer})
    toy_run = run(spec, tmp_path, data=data)
    assert toy_run.final_state == "finished"
    assert len(values(toy_run, "sold", "train", "loss")) == 3
    assert all(np.isfinite(v).all() for _, v in toy_run.recording.series.values())


def test_a_monitored_task_without_validation_labels_neither_stops_the_run_nor_has_a_best(tmp_path: Path) -> None:
    data = toy_data(masked=False)
    none = {"sold": torch.zeros(16, dtype=torch.bool)}
    data = replace(data, val=Split(data.val.inputs, data.val.targets, none))
    spec = experiment(training__monitor="sold", training__early_stopping={"patience": 1})
    toy_run = run(spec, tmp_path, data=data)
    assert (toy_run.state.epoch, toy_run.state.monitor.best_step) == (3, -1)
    assert not (tmp_path / "best.safetensors").exists()


def test_gradients_are_clipped_to_the_norm_asked_for(tmp_path: Path) -> None:
    sgd = {"kind": "sgd", "lr": 1.0, "momentum": 0.0}
    spec = experiment(training__grad_clip=1e-3, training__optimizer=sgd, training__epochs=1)
    toy_run = run(spec, tmp_path, script={1: [make_request("stop")]})
    again = prepare_run(spec, toy_data(), torch.device("cpu"), Recording(), tmp_path)
    moved_by = [a - b for a, b in zip(toy_run.state.model.parameters(), again.state.model.parameters(), strict=True)]
    norm = float(torch.cat([m.detach().flatten() for m in moved_by]).norm())
    assert norm == pytest.approx(1e-3, rel=1e-2)


def test_comparing_gradients_records_them_and_leaves_the_run_as_it_is(tmp_path: Path) -> None:
    for kind in ("uncertainty", "pcgrad"):
        plain = run(experiment(weighting={"kind": kind}), tmp_path / kind)
        compared = run(
            experiment(weighting={"kind": kind}, training__compare_gradients=4), tmp_path / f"{kind} compared"
        )
        assert_same_tensors(plain.parameters(), compared.parameters())
        steps, shares = compared.recording.series["total", "train", "gradient conflicts"]
        assert list(steps) == [0, 4, 8, 12]
        assert ((shares >= 0) & (shares <= 1) | np.isnan(shares)).all()
        assert (compared.recording.series["kind", "train", "gradient norm shared.0"][1] > 0).all()


@pytest.mark.parametrize("stop_at", [3, 5, 7])
def test_comparisons_are_resumed_bit_for_bit(tmp_path: Path, stop_at: int) -> None:
    spec = experiment(training__compare_gradients=2)
    whole = run(spec, tmp_path / "whole")
    before = run(spec, tmp_path / "parts", script={stop_at: [make_request("checkpoint")]}, kill_at=stop_at + 2)
    after = run(spec, tmp_path / "parts", resume=True)
    assert_same_series(whole.recording.series, join_series(before, after, stop_at))
