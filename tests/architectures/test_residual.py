"""Residual blocks: what they compute, and how layers in them are planned, refused and mended."""

import json
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_core.architectures import build_model, describe_model
from mtl_core.architectures.layers.kinds.residual import MAX_DEPTH
from mtl_core.architectures.layers.modules.pointwise import pointwise_linear
from mtl_core.spec import InputError, LayerInfo, ModelSpec, TargetInfo, set_at, spec_to_data
from mtl_core.spec import layers as spec
from mtl_core.spec.reports import Shape

TARGETS = {"t": TargetInfo(name="t", kind="binary", classes=("no", "yes"))}


def block(*layers: Any) -> spec.Residual:
    return spec.Residual(layers=layers)


def describe(model: ModelSpec, shape: Shape) -> Any:
    return describe_model(model, {"x": shape}, TARGETS)


def trunk(model: ModelSpec, shape: Shape) -> nn.Module:
    torch.manual_seed(0)
    shared: nn.Module = build_model(model, {"x": shape}, {"t": 1}).get_submodule("shared")
    return shared


def rows(*shape: int) -> Tensor:
    return torch.randn(3, *shape, generator=torch.Generator().manual_seed(1))


def test_the_output_of_the_layers_is_added_to_their_input() -> None:
    module: Any = trunk(ModelSpec(shared=(block(spec.Linear(out_features=5), spec.Tanh()),)), (5,))
    inputs = rows(5)
    torch.testing.assert_close(module(inputs), inputs + torch.tanh(module[0].layers[0](inputs)))
    assert list(module.state_dict()) == ["0.layers.0.weight", "0.layers.0.bias"]


def test_a_block_without_layers_changes_nothing() -> None:
    inputs = rows(5)
    assert torch.equal(trunk(ModelSpec(shared=(block(),)), (5,))(inputs), inputs)


@pytest.mark.parametrize(
    ("layers", "shape", "output"),
    [
        ((spec.Linear(out_features=7),), (5,), (7,)),
        ((spec.Conv1d(out_channels=4, stride=2, padding=1),), (3, 9), (4, 5)),
        ((spec.Conv2d(out_channels=4, stride=2, padding=1),), (3, 8, 6), (4, 4, 3)),
        ((spec.MaxPool2d(),), (3, 8, 6), (3, 4, 3)),
        ((spec.Upsample(),), (3, 4), (3, 8)),
    ],
)
def test_where_shapes_differ_the_input_is_averaged_and_mapped(layers: Any, shape: Shape, output: Shape) -> None:
    model = ModelSpec(shared=(block(*layers),))
    info = describe(model, shape)
    assert info.problems == ()
    assert info.shared[0].output_shape == output
    module: Any = trunk(model, shape)
    inputs = rows(*shape)
    found = module(inputs)
    assert tuple(found.shape[1:]) == output
    torch.testing.assert_close(found, module[0].layers(inputs) + module[0].shortcut(inputs))
    assert info.shared[0].parameters == sum(p.numel() for p in module.parameters())
    mapped = shape[0] * output[0] if shape[0] != output[0] else 0
    assert info.shared[0].parameters == info.shared[0].layers[0].parameters + mapped


def test_layers_in_a_block_have_paths_shapes_and_parameters() -> None:
    inner = block(spec.Linear(out_features=5), spec.ReLU())
    info = describe(ModelSpec(shared=(spec.ReLU(), block(spec.Linear(out_features=4), inner))), (5,))
    (first, second) = info.shared[1].layers
    assert (first.path, first.output_shape, first.parameters) == ("model.shared[1].layers[0]", (4,), 24)
    assert (second.path, second.output_shape) == ("model.shared[1].layers[1]", (5,))
    assert [layer.path for layer in second.layers] == [f"model.shared[1].layers[1].layers[{i}]" for i in (0, 1)]
    assert info.shared[1].detail == "Linear · Residual block"


def mended(model: ModelSpec, layer: LayerInfo) -> ModelSpec:
    assert layer.fix is not None
    data: dict[str, Any] = set_at({"model": spec_to_data(model)}, layer.fix.path, layer.fix.value)
    return ModelSpec.model_validate_json(json.dumps(data["model"]))


@pytest.mark.parametrize(
    ("layers", "path", "words", "fix"),
    [
        ((spec.Conv2d(stride=2), spec.ReLU()), "model.heads.t[0].layers[0]", "keeps the size", ".padding"),
        ((spec.ReLU(), spec.Linear()), "model.heads.t[0].layers[1]", "takes a row of features", ".layers"),
        ((block(spec.MaxPool1d()),), "model.heads.t[0].layers[0].layers[0]", "takes channels × length", "[0]"),
        ((spec.Flatten(),), "model.heads.t[0]", "needs as many dimensions: they make 192 features; 3×8×8", "[0]"),
        ((spec.Embedding(),), "model.heads.t[0].layers[0]", "must be the first layer", ".layers"),
    ],
)
def test_a_fault_in_a_block_stands_at_its_layer_and_is_mended_there(
    layers: Any, path: str, words: str, fix: str
) -> None:
    model = ModelSpec(heads={"t": (block(*layers),)})
    info = describe(model, (3, 8, 8))
    (problem,) = info.problems
    assert problem.path == path
    assert words in problem.error
    assert info.heads["t"][0].output_shape is None
    assert problem.fix.path.endswith(fix)
    after = mended(model, problem)
    assert not any(path in other.path for other in describe(after, (3, 8, 8)).problems) or fix == ".layers"
    with pytest.raises(InputError) as caught:
        build_model(model, {"x": (3, 8, 8)}, {"t": 1})
    assert caught.value.problem.path == path


def test_blocks_in_blocks_end_somewhere() -> None:
    deep = block()
    for _ in range(MAX_DEPTH - 1):
        deep = block(deep)
    assert describe(ModelSpec(shared=(deep,)), (5,)).problems == ()
    (problem,) = describe(ModelSpec(shared=(block(deep),)), (5,)).problems
    assert problem.error == "Residual block is in 8 other blocks; at most 7 are."


def test_all_layers_of_blocks_together_may_not_exceed_what_can_be_held() -> None:
    wide = spec.Linear(out_features=30_000)
    (problem,) = describe(ModelSpec(shared=(wide, block(wide, wide))), (30_000,)).problems
    assert problem.path == "model.shared[1].layers[1]"


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_map_of_the_channels_has_a_dimension_for_each_of_the_positions(length: int) -> None:
    shape = (3, 5, 4)[:length]
    module = pointwise_linear(3, 2, shape)
    assert module(rows(*shape)).shape[1:] == (2, *shape[1:])
    assert module.bias is None


def test_a_block_hands_the_padding_mask_to_its_layers() -> None:
    layers = (spec.Embedding(vocabulary=9, dimensions=4), block(spec.RMSNorm(), spec.SelfAttention()))
    model = ModelSpec(shared=layers, heads={"t": (spec.SequencePool(),)})
    texts = torch.tensor([[3, 5, 0], [2, 0, 0]])
    outputs = []
    for length in (3, 7):
        torch.manual_seed(0)
        built = build_model(model, {"x": (length,)}, {"t": 1})
        outputs.append(built({"x": nn.functional.pad(texts, (0, length - 3))})[0])
    torch.testing.assert_close(outputs[0], outputs[1])


@pytest.mark.parametrize("variant", ["mini", "full", "packed"])
def test_a_block_behind_the_beginning_of_members_is_that_of_each_member(variant: Any) -> None:
    inner = block(spec.Linear(out_features=4), spec.ReLU())
    model = ModelSpec(shared=(spec.TabM(members=3, variant=variant), inner))
    info = describe(model, (5,))
    assert info.problems == ()
    built = build_model(model, {"x": (5,)}, {"t": 1})
    assert built({"x": rows(5)})[0].shape == (3, 3, 1)
    assert info.parameters == sum(p.numel() for p in built.parameters())
    mapped = 5 * 4 * (3 if variant == "packed" else 1)
    assert info.shared[1].parameters == info.shared[1].layers[0].parameters + mapped


def test_members_do_not_begin_in_a_block() -> None:
    (problem,) = describe(ModelSpec(shared=(block(spec.TabM()),)), (5,)).problems
    assert problem.path == "model.shared[0].layers[0]"
    assert "stands between blocks" in problem.error


@pytest.mark.parametrize("variant", ["mini", "packed"])
def test_members_of_a_text_model_leave_out_padding(variant: Any) -> None:
    layers = (
        spec.Embedding(vocabulary=9, dimensions=4),
        spec.TabM(members=2, variant=variant, scaling="random_signs"),
        spec.SelfAttention(),
        spec.SequencePool(pool="attention"),
    )
    texts = torch.tensor([[3, 5, 0], [2, 0, 0]])
    built = build_model(ModelSpec(shared=layers), {"x": (3,)}, {"t": 1}).eval()
    shorter = built({"x": texts[1:, :1].expand(1, 1)})[0] if variant == "packed" else None
    outputs = built({"x": texts})[0]
    assert outputs.shape == (2, 2, 1)
    if shorter is not None:
        torch.testing.assert_close(outputs[1:], shorter)
