"""Initial weights of the shared layers from another model, and freezing them for some epochs.

Covers: mtl_core/spec/training/initial_weights.py.
"""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.architectures.sharing.hard import HardSharingModel
from mtl_core.datasets.data import Split, TaskData
from mtl_core.spec import InputError, ModelSpec, Weighting, kind_of, members
from mtl_core.training.optimization.param_groups import named_shared_parameters
from mtl_core.training.persistence.checkpoints import Checkpoint
from mtl_core.training.transfer.embeddings import remap_vocabulary
from mtl_core.training.transfer.initial_weights import (
    InitialWeights,
    load_shared_layers,
    read_initial_weights,
    shared_state_dict,
)
from tests.inputs import as_table
from tests.training.toy import EPOCHS, PER_EPOCH, assert_same_tensors, experiment, make_request, run

LINEAR = {"kind": "linear", "out_features": 6}
TRUNK = [LINEAR, {"kind": "batch_norm1d"}, {"kind": "relu"}, LINEAR]


def model(layers: list[dict[str, Any]], seed: int = 0) -> MultiTaskModel:
    torch.manual_seed(seed)
    spec = {"shared": layers, "heads": {"a": [LINEAR, {"kind": "batch_norm1d"}]}}
    return build_model(ModelSpec.model_validate(spec, strict=False), {"table": (3,)}, {"a": 1, "b": 2})


def save_model(net: MultiTaskModel, folder: Path) -> Path:
    save_file({name: tensor + 1 for name, tensor in net.state_dict().items()}, folder / "trunk.safetensors")
    return folder / "trunk.safetensors"


def test_the_shared_part_has_its_buffers_and_nothing_of_the_heads() -> None:
    names = shared_state_dict(model(TRUNK)).keys()
    assert names == {name for name in model(TRUNK).state_dict() if name.startswith("shared.")}
    assert "shared.1.running_mean" in names


def test_tensors_of_the_same_name_and_shape_are_taken_and_heads_are_left_alone(tmp_path: Path) -> None:
    old, new = model(TRUNK, 0), model(TRUNK, 1)
    before = {name: tensor.clone() for name, tensor in new.state_dict().items()}
    text = load_shared_layers(new, read_initial_weights(save_model(old, tmp_path)))
    assert text == f"6 of 6 tensors of the shared layers come from {tmp_path / 'trunk.safetensors'}"
    for name, tensor in new.state_dict().items():
        expected = old.state_dict()[name] + 1 if name.startswith("shared.") else before[name]
        assert torch.equal(tensor, expected), name


def test_layers_that_differ_are_new_and_named(tmp_path: Path) -> None:
    old, new = model(TRUNK), model([*TRUNK[:3], {"kind": "linear", "out_features": 5}])
    text = load_shared_layers(new, read_initial_weights(save_model(old, tmp_path)))
    assert text.startswith("4 of 6 tensors")
    assert text.endswith("; new: shared.3.weight 5×6, shared.3.bias 5")


@pytest.mark.parametrize("content", ["other", "text", "nothing", "folder", "header"])
def test_a_file_without_anything_that_fits_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "trunk.safetensors"
    match content:
        case "other":
            save_file({"encoder.weight": torch.ones(2, 2)}, path)
        case "text":
            path.write_text("not tensors")
        case "header":
            save_file({"model/shared.0.weight": torch.ones(6, 3)}, path, {"mtl_workbench": "no JSON"})
        case "folder":
            path.mkdir()
    with pytest.raises(InputError, match=r"^training\.start_from: ") as error:
        load_shared_layers(model(TRUNK), read_initial_weights(path))
    rule = {"other": "must hold tensors such as shared.0.weight 6×3", "nothing": "there is no such file"}
    assert rule.get(content, "must be a whole safetensors file") in error.value.problem.rule


def test_a_model_in_which_nothing_is_shared_begins_with_nothing(tmp_path: Path) -> None:
    path = save_model(model(TRUNK), tmp_path)
    with pytest.raises(InputError, match=r"^training\.start_from: the model has no shared layers"):
        load_shared_layers(model([]), read_initial_weights(path))


def test_words_keep_their_vectors_where_other_rows_number_them_otherwise(tmp_path: Path) -> None:
    layers = [{"kind": "embedding", "vocabulary": 6, "dimensions": 3}, {"kind": "global_max_pool"}]
    spec = ModelSpec.model_validate({"shared": layers}, strict=False)
    old, new = (build_model(spec, {"table": (4,)}, {"a": 1}) for _ in range(2))
    saved_words, words = ["the", "cat", "sat", "on", "mats"], ["cat", "dog", "the", "ran", "sat"]
    data = TaskData(
        *(3 * [Split(as_table(torch.zeros(0, 4)), {})]), {"text": (4,)}, {}, "", {"kind": "text", "vocabulary": words}
    )
    start = InitialWeights(tmp_path / "old", dict(old.state_dict()), {"vocabulary": saved_words})
    load_shared_layers(new, remap_vocabulary(data, new, start))
    vectors, before = (net.state_dict()["shared.0.weight"] for net in (new, old))
    assert torch.equal(vectors, before[[0, 1, 3, 1, 2, 1]])  # from number 6 on, words are unknown
    one, two = (
        torch.tensor([[vocabulary.index("the") + 2.0, vocabulary.index("cat") + 2.0, 1.0, 0.0]])
        for vocabulary in (saved_words, words)
    )
    assert torch.equal(old.features(as_table(one))[0], new.features(as_table(two))[0])


def test_a_run_begins_with_the_trunk_of_a_checkpoint_and_keeps_it_while_it_is_frozen(tmp_path: Path) -> None:
    first = run(experiment(), tmp_path / "first")
    spec = experiment(training__seed=9, training__shared={"freeze_epochs": EPOCHS})
    second = run(spec, tmp_path / "second", start=tmp_path / "first" / "best.safetensors")
    assert second.state.initialization_summary.startswith("4 of 4 tensors")
    for name in named_shared_parameters(first.state.model):
        assert torch.equal(second.parameters()[name], first.parameters()[name])
    heads = [name for name in second.parameters() if name.startswith("heads.") and name.endswith("weight")]
    assert all(not torch.equal(second.parameters()[name], first.parameters()[name]) for name in heads)


@pytest.mark.parametrize("weighting", [kind_of(member) for member in members(Weighting)])
def test_a_frozen_trunk_learns_from_the_epoch_on_that_was_asked_for(tmp_path: Path, weighting: str) -> None:
    changes: dict[str, Any] = {"weighting": {"kind": weighting}, "training__shared": {"freeze_epochs": 1}}
    shared = []
    for step in (1, PER_EPOCH, PER_EPOCH + 1):
        part = run(experiment(**changes), tmp_path / str(step), script={step: [make_request("stop")]})
        last = Checkpoint.load(tmp_path / str(step) / "last.safetensors").parts["model"]
        shared.append({name: last[name] for name in named_shared_parameters(part.state.model)})
    assert_same_tensors(shared[0], shared[1])
    assert any(not torch.equal(shared[1][name], tensor) for name, tensor in shared[2].items())


def test_what_a_scheme_adds_to_the_losses_leaves_a_frozen_trunk_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def penalty(net: MultiTaskModel) -> torch.Tensor:
        return torch.stack([(p**2).sum() for p in net.shared_parameters()]).sum()

    monkeypatch.setattr(HardSharingModel, "penalty", penalty)
    changes: dict[str, Any] = {"training__shared": {"freeze_epochs": 1}}
    shared = []
    for step in (1, PER_EPOCH, PER_EPOCH + 1):
        run(experiment(**changes), tmp_path / str(step), script={step: [make_request("stop")]})
        shared.append(Checkpoint.load(tmp_path / str(step) / "last.safetensors").parts["model"]["shared.0.weight"])
    assert torch.equal(shared[0], shared[1])
    assert not torch.equal(shared[1], shared[2])
