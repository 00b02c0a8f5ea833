"""A pretrained model of texts: training, freezing and resuming."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_core.architectures import build_model
from mtl_core.datasets.data import Split, TaskData
from mtl_core.spec import ExperimentSpec, ModelSpec, TrainingSpec
from mtl_core.training.optimization.param_groups import build_param_groups, named_shared_parameters
from mtl_core.training.persistence.checkpoints import Checkpoint
from tests.architectures.folders import VOCABULARY, layer_data, text_folder
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

LENGTH = 6
LINEAR = {"kind": "linear", "out_features": 6}


def text_data() -> TaskData:
    """The toy's three inputs as tokens between two marks, some texts with an end before the last place."""
    data = toy_data()
    train, val, test = (_as_texts(split) for split in (data.train, data.val, data.test))
    return replace(data, train=train, val=val, test=test, input_shapes={"table": (LENGTH,)})


def _as_texts(split: Split) -> Split:
    words = (only(split.inputs).clamp(-2, 2).round() + 7).float()
    begin, end = (torch.full((len(split), 1), float(VOCABULARY[mark] + 1)) for mark in ("[CLS]", "[SEP]"))
    texts = torch.cat([begin, words, end, torch.zeros(len(split), 1)], dim=1)
    texts[::2, 4:] = 0
    return replace(split, inputs=as_table(texts))


def small(folder: Path, **changes: Any) -> ExperimentSpec:
    dataset = {"kind": "bundled", "name": "sentences", "text": {"tokenizer": str(folder)}}
    layers = [layer_data(folder), LINEAR]
    return experiment(
        **{"dataset": dataset, "model": {"shared": layers, "heads": {}}, "training__epochs": 2, **changes}
    )


def trained(spec: ExperimentSpec, folder: Path, **settings: Any) -> ToyRun:
    return run(spec, folder, data=text_data(), **settings)


def test_its_weights_learn(tmp_path: Path) -> None:
    text_folder(tmp_path / "model")
    toy_run = trained(small(tmp_path / "model"), tmp_path / "run")
    before = build_model(toy_run.state.spec.model, {"table": (LENGTH,)}, {"price": 1, "sold": 1, "kind": 3})
    start = dict(before.named_parameters())
    found = named_shared_parameters(toy_run.state.model)
    assert toy_run.final_state == "finished"
    assert [name for name, p in found.items() if torch.equal(p, start[name])] == []


@pytest.mark.parametrize("epochs", [1, EPOCHS])
def test_it_keeps_its_weights_while_the_shared_layers_are_frozen_and_not_longer(epochs: int, tmp_path: Path) -> None:
    theirs = dict(text_folder(tmp_path / "model").named_parameters())
    trained(small(tmp_path / "model", training__shared={"freeze_epochs": epochs}), tmp_path / "run")
    found = Checkpoint.load(tmp_path / "run" / "last.safetensors").parts["model"]
    for name, parameter in theirs.items():
        assert torch.equal(found[f"shared.0.pretrained.{name}"], parameter) == (epochs == EPOCHS), name


@pytest.mark.parametrize("weighting", [{"kind": "gradnorm"}, {"kind": "pcgrad", "level": "representation"}])
def test_weighting_methods_go_through_it(weighting: dict[str, Any], tmp_path: Path) -> None:
    text_folder(tmp_path / "model")
    layers = [layer_data(tmp_path / "model", output="positions"), {"kind": "global_max_pool"}]
    changes = {"model__shared": layers, "weighting": weighting, "training__epochs": 1}
    assert trained(small(tmp_path / "model", **changes), tmp_path / "run").final_state == "finished"


def test_a_run_that_was_stopped_goes_on_bit_for_bit(tmp_path: Path) -> None:
    text_folder(tmp_path / "model", hidden_dropout_prob=0.2, attention_probs_dropout_prob=0.2)
    spec = small(tmp_path / "model")
    whole = trained(spec, tmp_path / "whole")
    before = trained(spec, tmp_path / "run", script={PER_EPOCH + 2: [make_request("stop")]})
    after = trained(spec, tmp_path / "run", resume=True)
    assert (before.final_state, after.final_state) == ("stopped", "finished")
    assert_same_series(whole.recording.series, join_series(before, after, PER_EPOCH + 2))
    assert_same_tensors(whole.parameters(), after.parameters())


def test_rates_fall_from_the_layers_behind_it_to_its_embeddings(tmp_path: Path) -> None:
    text_folder(tmp_path)
    spec = ModelSpec.model_validate({"shared": [layer_data(tmp_path), LINEAR]}, strict=False)
    model = build_model(spec, {"table": (LENGTH,)}, {"a": 1})
    training = TrainingSpec.model_validate({"shared": {"depth_factor": 0.5}})
    rates = {id(p): group["lr_factor"] for group in build_param_groups(model, training) for p in group["params"]}
    order: dict[str, float] = {name: rates[id(p)] for name, p in named_shared_parameters(model).items()}
    assert list(order.values()) == sorted(order.values())
    assert sorted(set(order.values()), reverse=True) == [0.5**depth for depth in range(5)]  # behind, pooler, 2, words
    assert order["shared.1.weight"] == 1
