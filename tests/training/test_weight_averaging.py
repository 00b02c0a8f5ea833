"""Averaged weights: values, evaluation, checkpoints and statistics of batch normalization."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.spec import ModelSpec
from mtl_core.spec.training.averaging import Ema, Swa, Unaveraged
from mtl_core.training.batching.batches import Batches
from mtl_core.training.optimization.weight_averaging import WeightAverage
from mtl_core.training.persistence.checkpoints import Checkpoint
from tests.training.toy import BATCH, assert_same_tensors, experiment, run, toy_data

LAYERS = [{"kind": "linear", "out_features": 6}, {"kind": "batch_norm1d"}, {"kind": "dropout", "p": 0.5}]


def build_model_of_two_tasks() -> MultiTaskModel:
    torch.manual_seed(0)
    return build_model(ModelSpec.model_validate({"shared": LAYERS}, strict=False), {"table": (3,)}, {"price": 1})


def train() -> Batches:
    return Batches(toy_data().train, ("price",), BATCH, torch.device("cpu"))


def wander(model: nn.Module) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter))


def test_the_moving_average_is_torchs_once_it_has_a_past() -> None:
    model = build_model_of_two_tasks()
    average = WeightAverage(Ema(decay=0.9), model, epochs=1)
    reference = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
    reference.update_parameters(model)  # the first call copies
    for step in range(100, 110):
        wander(model)
        average.after_step(step)
        reference.update_parameters(model)
    for one, two in zip(average.evaluation_model(train()).parameters(), reference.module.parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_the_moving_average_soon_forgets_the_initial_weights() -> None:
    model = build_model_of_two_tasks()
    average = WeightAverage(Ema(decay=0.9999), model, epochs=1)
    wander(model)
    for step in range(200):
        average.after_step(step)
    for one, two in zip(average.evaluation_model(train()).parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_the_mean_of_epochs_is_torchs_with_statistics_found_anew() -> None:
    model = build_model_of_two_tasks()
    average, reference = WeightAverage(Swa(start=0.5), model, epochs=6), AveragedModel(model)
    batches = train()
    for epoch in range(1, 7):
        wander(model)
        average.after_epoch(epoch)
        if epoch <= 3:
            assert average.evaluation_model(batches) is model
        else:
            reference.update_parameters(model)
    state = torch.get_rng_state()
    evaluated = average.evaluation_model(batches)
    assert torch.equal(torch.get_rng_state(), state)
    reference.module.shared[2].p = 0.0  # type: ignore[union-attr, index]
    update_bn([batch.inputs for batch in batches.iter_in_order()], reference)
    torch.testing.assert_close(dict(evaluated.state_dict()), dict(reference.module.state_dict()))
    assert model.training


def test_without_an_average_the_model_is_judged() -> None:
    model = build_model_of_two_tasks()
    average = WeightAverage(Unaveraged(), model, epochs=3)
    average.after_step(0)
    average.after_epoch(1)
    assert average.evaluation_model(train()) is model
    assert average.state_dict() == {}


@pytest.mark.parametrize("averaging", [{"kind": "ema", "decay": 0.9}, {"kind": "swa", "start": 0.3}])
def test_the_averaged_weights_are_the_ones_kept_and_the_training_is_left_alone(
    tmp_path: Path, averaging: dict[str, object]
) -> None:
    averaged = run(experiment(training__averaging=averaging), tmp_path / "averaged")
    plain = run(experiment(), tmp_path / "plain")
    best = Checkpoint.load(tmp_path / "averaged" / "best.safetensors").parts["model"]
    last, same = (Checkpoint.load(tmp_path / one / "last.safetensors") for one in ("averaged", "plain"))
    assert_same_tensors(last.parts["model"], same.parts["model"])
    assert_same_tensors(averaged.parameters(), best)
    assert any(not torch.equal(best[name], tensor) for name, tensor in plain.parameters().items())
    key = ("price", "train", "loss")
    assert averaged.recording.series[key][1].tobytes() == plain.recording.series[key][1].tobytes()
