"""A pretrained model among the shared layers: training, freezing and resuming."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_core.architectures import build_model
from mtl_core.datasets.data import Split, TaskData
from mtl_core.spec import ExperimentSpec, InputError, ModelSpec, TrainingSpec
from mtl_core.training.optimization.param_groups import build_param_groups, named_shared_parameters
from mtl_core.training.persistence.checkpoints import Checkpoint
from tests.architectures.folders import CHANNELS, MODELS, SIZE, layer_data, model_folder
from tests.inputs import as_table, only
from tests.training.toy import (
    EPOCHS,
    PER_EPOCH,
    ToyRun,
    assert_same_series,
    assert_same_tensors,
    experiment,
    join_series,
    make_request,
    run,
    toy_data,
)

LINEAR = {"kind": "linear", "out_features": 6}


def image_data() -> TaskData:
    """The toy's three inputs as the colors of images."""
    data = toy_data()
    train, val, test = (_as_images(split) for split in (data.train, data.val, data.test))
    return replace(data, train=train, val=val, test=test, input_shapes={"table": (CHANNELS, SIZE, SIZE)})


def _as_images(split: Split) -> Split:
    return replace(split, inputs=as_table(only(split.inputs)[:, :, None, None].repeat(1, 1, SIZE, SIZE)))


def small(folder: Path, **changes: Any) -> ExperimentSpec:
    layers = [layer_data(folder), LINEAR]
    dataset = {"kind": "bundled", "name": "shapes"}
    return experiment(
        **{"dataset": dataset, "model": {"shared": layers, "heads": {}}, "training__epochs": 2, **changes}
    )


def trained(spec: ExperimentSpec, folder: Path, **settings: Any) -> ToyRun:
    return run(spec, folder, data=image_data(), **settings)


@pytest.mark.parametrize("name", MODELS)
def test_its_weights_learn(name: str, tmp_path: Path) -> None:
    model_folder(tmp_path / "model", name)
    toy_run = trained(small(tmp_path / "model"), tmp_path / "run")
    before = build_model(
        toy_run.state.spec.model, {"table": (CHANNELS, SIZE, SIZE)}, {"price": 1, "sold": 1, "kind": 3}
    )
    start = dict(before.named_parameters())
    learned = {
        name for name, p in named_shared_parameters(toy_run.state.model).items() if not torch.equal(p, start[name])
    }
    assert toy_run.final_state == "finished"
    assert learned == set(named_shared_parameters(toy_run.state.model))


@pytest.mark.parametrize("level", ["parameters", "last_layer", "representation"])
def test_gradients_can_be_compared_at_any_level(level: str, tmp_path: Path) -> None:
    model_folder(tmp_path / "model")
    layers = [layer_data(tmp_path / "model", output="positions"), {"kind": "global_avg_pool"}]
    changes = {"model__shared": layers, "weighting": {"kind": "pcgrad", "level": level}, "training__epochs": 1}
    assert trained(small(tmp_path / "model", **changes), tmp_path / "run").final_state == "finished"


def test_gradients_can_be_differentiated_again(tmp_path: Path) -> None:
    model_folder(tmp_path / "model")
    changes = {
        "weighting": {"kind": "gradnorm"},
        "training__epochs": 1,
        "model__shared": [layer_data(tmp_path / "model")],
    }
    assert trained(small(tmp_path / "model", **changes), tmp_path / "run").final_state == "finished"


def test_it_keeps_its_weights_while_the_shared_layers_are_frozen(tmp_path: Path) -> None:
    theirs = model_folder(tmp_path / "model")
    spec = small(tmp_path / "model", training__shared={"freeze_epochs": EPOCHS})
    found = trained(spec, tmp_path / "run").parameters()
    for name, parameter in theirs.named_parameters():
        assert torch.equal(found[f"shared.0.pretrained.{name}"], parameter), name


def test_a_run_that_was_stopped_goes_on_bit_for_bit(tmp_path: Path) -> None:
    model_folder(tmp_path / "model", hidden_dropout_prob=0.2, attention_probs_dropout_prob=0.2)
    spec = small(tmp_path / "model")
    whole = trained(spec, tmp_path / "whole")
    before = trained(spec, tmp_path / "run", script={PER_EPOCH + 2: [make_request("stop")]})
    after = trained(spec, tmp_path / "run", resume=True)
    assert (before.final_state, after.final_state) == ("stopped", "finished")
    assert_same_series(whole.recording.series, join_series(before, after, PER_EPOCH + 2))
    assert_same_tensors(whole.parameters(), after.parameters())


def test_a_run_whose_folder_is_gone_says_so_and_one_whose_folder_changed_keeps_its_own_weights(tmp_path: Path) -> None:
    model_folder(tmp_path / "model")
    spec = small(tmp_path / "model")
    trained(spec, tmp_path / "run", script={3: [make_request("stop")]})
    kept = Checkpoint.load(tmp_path / "run" / "last.safetensors").parts["model"]
    shutil.rmtree(tmp_path / "model")
    with pytest.raises(InputError, match="reads its architecture from its folder, trained or not; there is no folder"):
        trained(spec, tmp_path / "run", resume=True)
    model_folder(tmp_path / "model")
    frozen = small(tmp_path / "model", training__shared={"freeze_epochs": EPOCHS})
    found = trained(frozen, tmp_path / "run", resume=True).parameters()
    name = "shared.0.pretrained.pooler.dense.weight"
    assert torch.equal(found[name], kept[name])


@pytest.mark.parametrize("name", MODELS)
def test_rates_fall_from_the_layers_behind_it_to_its_embeddings(name: str, tmp_path: Path) -> None:
    model_folder(tmp_path, name)
    shared = [{"kind": "conv2d", "out_channels": CHANNELS}, layer_data(tmp_path), LINEAR]
    model = build_model(
        ModelSpec.model_validate({"shared": shared}, strict=False), {"table": (CHANNELS, SIZE, SIZE)}, {"a": 1}
    )
    training = TrainingSpec.model_validate({"shared": {"depth_factor": 0.5}})
    rates = {id(p): group["lr_factor"] for group in build_param_groups(model, training) for p in group["params"]}
    order: dict[str, float] = {name: rates[id(p)] for name, p in named_shared_parameters(model).items()}
    assert list(order.values()) == sorted(order.values())
    behind = {"ViT": 1, "ResNet": 0, "ConvNext": 1}[name]  # its last norm and pooling
    assert sorted(set(order.values()), reverse=True) == [0.5**depth for depth in range(1 + behind + 2 + 1 + 1)]
    assert order["shared.2.weight"] == 1
    assert order["shared.0.weight"] == min(order.values())
