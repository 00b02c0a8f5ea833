"""Low-rank updates of the linear layers of a frozen trunk."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.architectures.sharing.lora import LowRankLinear
from mtl_core.spec import ModelSpec
from mtl_core.spec.sharing.lora import Lora
from mtl_core.training.transfer.initial_weights import InitialWeights, freeze_trunk, load_shared_layers
from tests.architectures.folders import layer_data, text_folder
from tests.architectures.schemes import number

WIDTH = 8
TRUNK: list[dict[str, Any]] = [
    {"kind": "embedding", "vocabulary": 9, "dimensions": WIDTH},
    {"kind": "transformer_block", "heads": 2, "dropout": 0.0},
    {"kind": "global_avg_pool"},
    {"kind": "relu"},
    {"kind": "linear", "out_features": 6},
]
TEXTS = torch.tensor([[3, 5, 2, 8], [4, 2, 1, 1], [7, 6, 5, 1]])


def built(kind: str, shared: list[dict[str, Any]] = TRUNK, seed: int = 0, **settings: Any) -> MultiTaskModel:
    torch.manual_seed(seed)
    spec = ModelSpec.model_validate({"sharing": {"kind": kind, **settings}, "shared": shared}, strict=False)
    return build_model(spec, {"text": (TEXTS.shape[1],)}, {"left": 3, "right": 2})


def gradient_names(model: MultiTaskModel) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.grad is not None}


@pytest.mark.parametrize("alpha", [1.0, 6.0])
def test_an_update_is_the_rule_of_the_paper(alpha: float) -> None:
    linear, inputs = nn.Linear(5, 4), torch.randn(7, 5)
    updated = LowRankLinear(linear, Lora(rank=2, alpha=alpha))
    assert torch.equal(updated(inputs), linear(inputs))
    nn.init.normal_(updated.lora_b)
    weight = linear.weight + alpha / 2 * updated.lora_b @ updated.lora_a
    torch.testing.assert_close(updated(inputs), nn.functional.linear(inputs, weight, linear.bias))
    assert LowRankLinear(linear, Lora(rank=100)).lora_a.shape == (4, 5)


def test_the_model_begins_as_that_of_hard_sharing_with_the_same_names() -> None:
    model, hard = built("lora"), built("hard")
    state = model.state_dict()
    assert all(torch.equal(tensor, state.pop(name)) for name, tensor in hard.state_dict().items())
    assert {name.rpartition(".")[2] for name in state} == {"lora_a", "lora_b"}
    for one, other in zip(model.eval()({"text": TEXTS}), hard.eval()({"text": TEXTS}), strict=True):
        assert torch.equal(one, other)


def test_every_linear_layer_of_the_trunk_has_an_update_and_no_other_layer() -> None:
    model = built("lora", rank=2)
    sizes = [(WIDTH, 3 * WIDTH), (WIDTH, WIDTH), (WIDTH, 4 * WIDTH), (4 * WIDTH, WIDTH), (WIDTH, 6)]
    assert number(model.shared_parameters()) == sum(2 * (read + given) for read, given in sizes)
    assert number(model.last_shared_parameters()) == 2 * (WIDTH + 6)
    assert not any(isinstance(layer, LowRankLinear) for layer in model.get_submodule("heads").modules())


def test_only_updates_and_heads_learn_on_a_trunk_trained_before() -> None:
    earlier, model = built("hard", seed=1), built("lora")
    load_shared_layers(model, InitialWeights(Path("earlier"), dict(earlier.state_dict()), {}))
    freeze_trunk(model, frozen=True)
    sum(output.sum() for output in model({"text": TEXTS})).backward()
    assert {name.partition(".")[0] for name in gradient_names(model)} == {"heads"}
    freeze_trunk(model, frozen=False)
    sum(output.square().sum() for output in model({"text": TEXTS})).backward()
    learning = [*model.shared_parameters(), *model.head_parameters("left"), *model.head_parameters("right")]
    assert {id(p) for p in model.parameters() if p.grad is not None} == set(map(id, learning))
    torch.optim.SGD(learning, lr=0.1).step()
    theirs = earlier.state_dict()
    for name, tensor in model.state_dict().items():
        if name in theirs and name.startswith("shared."):
            assert torch.equal(tensor, theirs[name])
    assert all(parameter.any() for name, parameter in model.named_parameters() if name.endswith("lora_b"))


def test_a_copy_has_updates_of_its_own() -> None:
    model = built("lora").eval()
    twin = copy.deepcopy(model)
    before = model({"text": TEXTS})
    with torch.no_grad():
        for parameter in twin.shared_parameters():
            parameter.add_(1.0)
    assert all(torch.equal(one, other) for one, other in zip(model({"text": TEXTS}), before, strict=True))
    assert not torch.allclose(twin({"text": TEXTS})[0], before[0])


def test_the_linear_layers_of_a_pretrained_folder_have_updates(tmp_path: Path) -> None:
    text_folder(tmp_path)
    model = built("lora", [layer_data(tmp_path, output="mean")])
    (a, b) = (sum(name.endswith(end) for name, _ in model.named_parameters()) for end in ("lora_a", "lora_b"))
    assert a == b == 2 * 6
    model({"text": TEXTS.float()})[0].sum().backward()
    assert all(parameter.grad is not None for parameter in model.shared_parameters())
