"""Hard parameter sharing: one trunk and a head per task."""

import copy

import pytest
import torch
from torch import nn

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.spec import ModelSpec, load_preset
from mtl_core.spec.layers import (
    Conv2d,
    Dropout,
    Dropout2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
)
from tests.inputs import as_table

TWO = ModelSpec(
    shared=(Linear(out_features=6), ReLU(), Linear(out_features=5), ReLU()),
    heads={"b": (Linear(out_features=4), ReLU())},
)


def two_heads() -> MultiTaskModel:
    return build_model(TWO, {"table": (8,)}, {"b": 3, "a": 1})


def names(model: nn.Module, parameters: list[nn.Parameter]) -> set[str]:
    found = {id(p) for p in parameters}
    return {name for name, p in model.named_parameters() if id(p) in found}


def test_outputs_come_in_task_order() -> None:
    model = two_heads()
    assert model.tasks == ("b", "a")
    assert [tuple(output.shape) for output in model(as_table(torch.randn(7, 8)))] == [(7, 3), (7, 1)]


def test_forward_is_heads_over_features() -> None:
    model, inputs = two_heads(), torch.randn(7, 8)
    features = model.features(as_table(inputs))
    assert features[0].shape == (7, 5)
    for one, other in zip(model(as_table(inputs)), model.head_outputs(features), strict=True):
        assert torch.equal(one, other)


def test_every_parameter_is_shared_or_of_exactly_one_head() -> None:
    model = two_heads()
    parts = [model.shared_parameters(), model.head_parameters("a"), model.head_parameters("b")]
    listed = [id(p) for part in parts for p in part]
    assert sorted(listed) == sorted(id(p) for p in model.parameters())


def test_a_task_s_loss_reaches_the_trunk_and_its_own_head_only() -> None:
    model = two_heads()
    model(as_table(torch.randn(7, 8)))[0].sum().backward()
    assert all(p.grad is not None for p in [*model.shared_parameters(), *model.head_parameters("b")])
    assert all(p.grad is None for p in model.head_parameters("a"))


def test_the_last_shared_parameters_are_those_of_the_last_layer_having_any() -> None:
    model = two_heads()
    assert names(model, model.last_shared_parameters()) == {"shared.2.weight", "shared.2.bias"}


def test_a_trunk_without_parameters_shares_only_the_input() -> None:
    model = build_model(ModelSpec(), {"table": (8,)}, {"a": 1, "b": 2})
    assert model.shared_parameters() == model.last_shared_parameters() == []
    inputs = torch.randn(3, 8)
    assert model.features(as_table(inputs))[0] is inputs
    assert [o.shape[1] for o in model(as_table(inputs))] == [1, 2]


@pytest.mark.parametrize("name", ["train", "type", "forward", "keys", "left digit", "왼쪽"])
def test_a_task_may_have_any_name(name: str) -> None:
    model = build_model(ModelSpec(heads={name: (Linear(out_features=2),)}), {"table": (4,)}, {name: 1})
    assert len(model.head_parameters(name)) == 4
    copy.deepcopy(model).load_state_dict(model.state_dict())


def test_the_same_seed_gives_what_a_hand_written_model_has() -> None:
    spec = ModelSpec(
        shared=(
            Conv2d(out_channels=4),
            Dropout2d(),
            ReLU(),
            MaxPool2d(),
            Flatten(),
            Dropout(),
            Linear(out_features=9),
        )
    )
    torch.manual_seed(3)
    model = build_model(spec, {"table": (1, 8, 8)}, {"a": 2})
    torch.manual_seed(3)
    by_hand = [nn.Conv2d(1, 4, 3, padding=1), nn.Linear(64, 9), nn.Linear(9, 2)]
    wanted = [p for layer in by_hand for p in layer.parameters()]
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), wanted, strict=True))


def test_a_head_that_ends_on_an_image_is_flattened_before_its_output_layer() -> None:
    model = build_model(ModelSpec(shared=(Conv2d(out_channels=4),)), {"table": (1, 6, 6)}, {"a": 2})
    assert model(as_table(torch.randn(3, 1, 6, 6)))[0].shape == (3, 2)


def test_the_preset_builds_and_learns_from_a_batch() -> None:
    torch.manual_seed(0)
    model = build_model(load_preset("multidigits").model, {"table": (1, 16, 16)}, {"left": 10, "right": 10})
    inputs, target = torch.randn(8, 1, 16, 16), torch.arange(8)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = sum(nn.functional.cross_entropy(output, target) for output in model(as_table(inputs)))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
