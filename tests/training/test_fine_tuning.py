"""Fine-tuning: the heads alone, then all layers at lower rates, from a trunk that was trained before."""

from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_core.spec import TrainingSpec, learning_rate
from mtl_core.spec.training.fine_tuning import FineTuning
from mtl_core.spec.training.optimizers import Sgd
from mtl_core.spec.training.schedules import PlateauSchedule
from mtl_core.training.optimization.lr_schedule import LRSchedule
from mtl_core.training.optimization.param_groups import named_shared_parameters
from mtl_core.training.persistence.checkpoints import Checkpoint
from tests.architectures.folders import layer_data, text_folder
from tests.training.test_pretrained_texts import small
from tests.training.test_pretrained_texts import trained as trained_on_texts
from tests.training.test_resume import assert_resumes
from tests.training.toy import PER_EPOCH, STEPS, ToyRun, experiment, make_request, run

LINEAR = {"kind": "linear", "out_features": 6}
TUNED: dict[str, Any] = {
    "model__shared": [LINEAR, {"kind": "relu"}, LINEAR],
    "training__start_from": {"kind": "from_run", "run": 1},
    "training__fine_tuning": {"freeze_epochs": 1},
}


def rates_of(toy_run: ToyRun) -> dict[str, float]:
    names = {id(parameter): name for name, parameter in toy_run.state.model.named_parameters()}
    return {names[id(p)]: group["lr"] for group in toy_run.state.optimizer.param_groups for p in group["params"]}


def last_parameters(folder: Path) -> dict[str, torch.Tensor]:
    """The parameters at the end, where the best ones may be those of the first phase."""
    return Checkpoint.load(folder / "last.safetensors").parts["model"]


def test_the_trunk_stays_as_it_begins_in_the_first_phase_and_learns_in_the_second(tmp_path: Path) -> None:
    earlier = run(experiment(model__shared=TUNED["model__shared"], training__epochs=1), tmp_path / "earlier")
    start = tmp_path / "earlier" / "last.safetensors"
    stop = {PER_EPOCH: [make_request("stop")]}
    first = run(experiment(**TUNED), tmp_path / "first", start=start, script=stop)
    assert first.state.step == PER_EPOCH
    run(experiment(**TUNED), tmp_path / "whole", start=start)
    whole = last_parameters(tmp_path / "whole")
    trunk = named_shared_parameters(first.state.model)
    for name in trunk:
        assert torch.equal(first.parameters()[name], earlier.parameters()[name])
        assert not torch.equal(whole[name], earlier.parameters()[name])
    for name, head in whole.items():
        if name.startswith("heads.") and name.endswith("weight"):
            assert not torch.equal(head, first.parameters()[name])


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_rates_of_the_groups_in_both_phases(optimizer: str, tmp_path: Path) -> None:
    lr = 0.01
    changes = {**TUNED, "training__optimizer": {"kind": optimizer, "lr": lr}}
    first = run(experiment(**changes), tmp_path / "first", script={PER_EPOCH: [make_request("stop")]})
    assert {rate for name, rate in rates_of(first).items() if name.startswith("heads.")} == {lr}
    whole = run(experiment(**changes), tmp_path / "whole")
    assert {rate for name, rate in rates_of(whole).items() if name.startswith("heads.")} == {lr / 2}
    assert rates_of(whole)["shared.0.weight"] == pytest.approx(lr / 2 / 100)
    assert rates_of(whole)["shared.2.bias"] == pytest.approx(lr / 2 / 10)
    _, recorded = whole.recording.series["", "train", "lr"]
    tuning = FineTuning(freeze_epochs=1)
    schedule = experiment(**changes).training.schedule
    drawn = [learning_rate(schedule, lr, step, STEPS, PER_EPOCH, tuning=tuning) for step in range(STEPS)]
    assert recorded.tolist() == pytest.approx(drawn)


def test_a_pretrained_model_is_frozen_and_then_learns_least_in_its_first_layers(tmp_path: Path) -> None:
    theirs = dict(text_folder(tmp_path / "model").named_parameters())
    changes = {"model__shared": [layer_data(tmp_path / "model")], "training__fine_tuning": {"freeze_epochs": 1}}
    spec = small(tmp_path / "model", **changes)
    first = trained_on_texts(spec, tmp_path / "first", script={PER_EPOCH: [make_request("stop")]})
    for name, parameter in theirs.items():
        assert torch.equal(first.parameters()[f"shared.0.pretrained.{name}"], parameter), name
    whole = trained_on_texts(spec, tmp_path / "whole")
    rates = [rate for name, rate in rates_of(whole).items() if name.startswith("shared.")]
    assert rates == sorted(rates)
    assert len(set(rates)) == 4  # embeddings, two layers, pooler
    assert rates[0] == pytest.approx(spec.training.optimizer.lr / 2 / 100)
    tuned = last_parameters(tmp_path / "whole")
    assert not any(torch.equal(tuned[f"shared.0.pretrained.{name}"], parameter) for name, parameter in theirs.items())


@pytest.mark.parametrize("step", [PER_EPOCH - 1, PER_EPOCH])
@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    [
        ({"kind": "adamw", "lr": 0.02}, {"kind": "one_cycle"}),
        (
            {"kind": "sgd", "lr": 0.02, "momentum": 0.9},
            {"kind": "reduce_on_plateau", "patience": 1, "min_delta": 100.0},
        ),
    ],
    ids=lambda part: part["kind"],
)
def test_resuming_across_the_border_is_bit_equal(
    optimizer: dict[str, Any], schedule: dict[str, Any], step: int, tmp_path: Path
) -> None:
    assert_resumes(tmp_path, {**TUNED, "training__optimizer": optimizer, "training__schedule": schedule}, step)


def test_what_a_plateau_lowered_in_the_first_phase_does_not_lower_the_second() -> None:
    parameter = torch.nn.Parameter(torch.zeros(1))
    training = TrainingSpec(
        optimizer=Sgd(lr=1.0), schedule=PlateauSchedule(patience=1), fine_tuning=FineTuning(freeze_epochs=3)
    )
    optimizer = torch.optim.SGD([{"params": [parameter], "lr_factor": 1.0}], lr=1.0)
    schedule = LRSchedule(training, optimizer, steps=8, steps_per_epoch=1)
    rates = []
    for step in range(8):
        schedule.before_step(step)
        rates.append(optimizer.param_groups[0]["lr"])
        schedule.after_epoch(1.0, "min")
    assert rates == [1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.125, 0.0625]
