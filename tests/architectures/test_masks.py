"""Padding behind a text's end changes nothing: not attention of its tokens, not what is pooled, under any scheme.

Covers: mtl_core/architectures/layers/modules/layer_stack.py, mtl_core/architectures/layers/modules/masks.py,
mtl_core/architectures/layers/modules/windows.py.
"""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.architectures.layers.members import MemberCopies
from mtl_core.architectures.layers.modules.bottleneck import Bottleneck
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.architectures.layers.modules.masks import token_mask
from mtl_core.architectures.layers.modules.residual import Residual
from mtl_core.architectures.layers.modules.resizing import AdaptiveAvgPool, Upsample
from mtl_core.spec import ModelSpec
from mtl_core.spec.inputs.text import PADDING
from tests.architectures.fusion.examples import KINDS as FUSIONS
from tests.architectures.fusion.examples import SETTINGS
from tests.architectures.schemes import KINDS

EMBEDDING = {"kind": "embedding", "vocabulary": 9, "dimensions": 8}
SINES = {"kind": "positional_encoding", "encoding": "sinusoidal"}
LINEAR = {"kind": "linear", "out_features": 6}
BLOCK = {"kind": "transformer_block", "heads": 2, "dropout": 0.0}
TEXTS = torch.tensor([[3.0, 5, 2, 8], [4, 2, 0, 0], [0, 0, 0, 0], [7, 0, 0, 0]])


def pool(kind: str) -> dict[str, Any]:
    return {"kind": "sequence_pool", "pool": kind}


def padded(texts: Tensor, length: int) -> Tensor:
    return torch.cat([texts, texts.new_full((len(texts), length - texts.shape[1]), PADDING)], dim=1)


def built(data: dict[str, Any], head: list[Any], length: int) -> MultiTaskModel:
    """A model of texts of a length, with the same weights for any length but for those of gates."""
    model = ModelSpec.model_validate({**data, "heads": {"a": head, "b": head}}, strict=False)
    shapes = {"text": (length,), **({"table": (3,)} if "fusion" in data else {})}
    torch.manual_seed(0)
    return build_model(model, shapes, {"a": 2, "b": 1}).eval()


def assert_padding_changes_nothing(data: dict[str, Any], head: list[Any], more: int = 7) -> None:
    """Compares the outputs for texts of one length and for longer ones, with other weights of gates at the padding."""
    short, long = TEXTS.shape[1], TEXTS.shape[1] + more
    models = [built(data, head, length) for length in (short, long)]
    weights = dict(models[0].named_parameters())
    with torch.no_grad():
        for name, parameter in models[1].named_parameters():
            if (channels := (parameter.shape[-1] - weights[name].shape[-1]) // more) > 0:
                old = weights[name].unflatten(1, (channels, -1))
                parameter.unflatten(1, (channels, -1))[:, :, : old.shape[2]] = old
            else:
                parameter.copy_(weights[name])
    table = torch.randn(len(TEXTS), 3)
    texts = (padded(TEXTS, length) for length in (short, long))
    pair = [model({"text": text, "table": table}) for model, text in zip(models, texts, strict=True)]
    for one, other in zip(*pair, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


TRUNKS: dict[str, tuple[list[Any], list[Any]]] = {
    "a transformer pooled by attention": ([EMBEDDING, SINES, BLOCK, pool("attention")], []),
    "a mean in the head": ([EMBEDDING, BLOCK], [pool("mean")]),
    "a maximum behind a convolution of each token": (
        [EMBEDDING, {"kind": "conv1d", "out_channels": 4, "kernel_size": 1}],
        [pool("max")],
    ),
    "a class token": ([EMBEDDING, {"kind": "class_token"}, BLOCK, {"kind": "select_position"}], []),
    "a class token read by the head": ([EMBEDDING, {"kind": "class_token"}, BLOCK], [BLOCK, pool("mean")]),
    "the last token": (
        [EMBEDDING, {"kind": "self_attention"}],
        [{"kind": "select_position", "position": "last"}],
    ),
    "squeeze and excite": ([EMBEDDING, {"kind": "squeeze_excite"}, {"kind": "rms_norm"}, pool("mean")], []),
    "nothing shared": ([], [EMBEDDING, {"kind": "multi_head_attention"}, pool("attention")]),
    "stages that are read by the next": ([EMBEDDING, BLOCK, BLOCK, pool("mean"), LINEAR], []),
}


@pytest.mark.parametrize("sharing", KINDS)
def test_more_padding_changes_no_output(sharing: str) -> None:
    for shared, head in TRUNKS.values():
        assert_padding_changes_nothing({"sharing": {"kind": sharing}, "shared": shared}, head)


@pytest.mark.parametrize("sharing", KINDS)
def test_more_padding_changes_no_output_behind_an_encoder(sharing: str) -> None:
    data = {"sharing": {"kind": sharing}, "inputs": {"text": [EMBEDDING, BLOCK]}, "shared": [BLOCK]}
    assert_padding_changes_nothing(data, [pool("mean")])
    if sharing in ("hard", "mmoe"):
        assert_padding_changes_nothing(data | {"shared": []}, [pool("mean")])


@pytest.mark.parametrize("fusion", FUSIONS)
def test_more_padding_changes_no_output_of_any_fusion(fusion: str) -> None:
    how = {"kind": fusion, **SETTINGS.get(fusion, {}), **({"query": "text"} if fusion == "cross_attention" else {})}
    for encoder in ([EMBEDDING, BLOCK], [EMBEDDING, {"kind": "class_token"}, BLOCK]):
        assert_padding_changes_nothing({"inputs": {"text": encoder}, "fusion": how, "shared": [LINEAR]}, [])


@pytest.mark.parametrize("sharing", ["hard", "separate", "ple"])
def test_a_fusion_that_keeps_the_positions_of_a_text_hands_its_padding_on(sharing: str) -> None:
    fusion = {"kind": "cross_attention", "query": "text", "keep_positions": True, **SETTINGS["cross_attention"]}
    data = {"sharing": {"kind": sharing}, "inputs": {"text": [EMBEDDING]}, "fusion": fusion, "shared": [BLOCK]}
    assert_padding_changes_nothing(data, [pool("mean")])


def test_a_text_without_tokens_keeps_its_first_position() -> None:
    assert token_mask(TEXTS).sum(dim=1).tolist() == [4, 2, 1, 1]


def test_the_mask_ends_where_positions_end_or_the_number_of_positions_follows_no_rule() -> None:
    mask = torch.ones(2, 6).bool()
    stack = LayerStack(nn.Conv1d(3, 4, 3, padding=1), nn.ReLU())
    assert stack.with_mask(torch.randn(2, 3, 6), mask)[1] is mask
    for last in (nn.Flatten(), AdaptiveAvgPool(3)):
        assert LayerStack(last).with_mask(torch.randn(2, 3, 6), mask)[1] is None


BOTTLENECK = Bottleneck(nn.Conv1d, nn.BatchNorm1d, (2, 2, 2), kernel_size=3, stride=2).eval()
WINDOWS: dict[str, list[nn.Module]] = {
    "convolutions": [
        nn.Conv1d(2, 2, k, s, p, d) for k in (1, 2, 3, 5) for s in (1, 2, 3) for p in (0, 1, 2) for d in (1, 2)
    ],
    "pooling": [pool(k, s, p) for pool in (nn.MaxPool1d, nn.AvgPool1d) for k in (2, 3) for s in (1, 2) for p in (0, 1)],
    "transposed convolutions": [
        nn.ConvTranspose1d(2, 2, k, s, p, o) for k in (2, 3) for s in (2, 3) for p in (0, 1) for o in (0, 1)
    ],
    "others": [Upsample(3, linear=False), BOTTLENECK],
}


@pytest.mark.parametrize("layers", WINDOWS.values(), ids=WINDOWS)
def test_behind_windows_a_text_has_the_positions_that_it_has_without_padding(layers: list[nn.Module]) -> None:
    inputs, mask = torch.randn(12, 2, 12), torch.arange(12) < torch.arange(1, 13)[:, None]
    for layer in layers:
        outputs, output_mask = LayerStack(layer).with_mask(inputs, mask)
        assert output_mask is not None
        assert output_mask.shape == (12, outputs.shape[2])
        counts = [max(positions_alone(layer, inputs[:1, :, :length]), 1) for length in range(1, 13)]
        assert output_mask.int().tolist() == [[1] * count + [0] * (outputs.shape[2] - count) for count in counts]


def positions_alone(layer: nn.Module, text: Tensor) -> int:
    try:
        return int(layer(text).shape[2])
    except RuntimeError:  # the text is shorter than the window
        return 0


def test_blocks_and_members_hand_on_the_mask_that_their_layers_leave() -> None:
    inputs, mask = torch.randn(4, 2, 12), torch.arange(12) < torch.tensor([12, 7, 1, 2])[:, None]
    expected = LayerStack(BOTTLENECK).with_mask(inputs, mask)[1]
    for block in (
        Residual(LayerStack(BOTTLENECK), AdaptiveAvgPool(6)),
        Residual(LayerStack(), None),
        MemberCopies([BOTTLENECK] * 2),
    ):
        found = LayerStack(block).with_mask(inputs, mask)[1]
        assert found is not None
        assert found.equal(mask if found.shape == mask.shape else expected)


@pytest.mark.parametrize("sharing", ["hard", "mtan", "ple", "branch", "nddr"])
def test_padding_changes_nothing_behind_windows(sharing: str) -> None:
    windows = [{"kind": "conv1d", "out_channels": 4, "kernel_size": 2, "stride": 2, "padding": 0}]
    assert_padding_changes_nothing({"sharing": {"kind": sharing}, "shared": [EMBEDDING, *windows]}, [pool("mean")], 6)


def test_a_stack_has_the_names_of_a_sequential_and_computes_the_same() -> None:
    layers = [nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)]
    stack, theirs = LayerStack(*layers), nn.Sequential(*layers)
    assert list(stack.state_dict()) == list(theirs.state_dict())
    inputs = torch.randn(5, 3)
    assert torch.equal(stack(inputs), theirs(inputs))
    assert stack.with_mask(inputs)[1] is None


def test_features_of_a_model_have_a_mask_only_where_a_head_reads_it() -> None:
    def features(head: list[Any]) -> tuple[Tensor, ...]:
        model = ModelSpec.model_validate({"shared": [EMBEDDING], "heads": {"a": head}}, strict=False)
        found: tuple[Tensor, ...] = build_model(model, {"text": (4,)}, {"a": 1}).features({"text": TEXTS})
        return found

    assert len(features([{"kind": "global_avg_pool"}])) == 1
    assert [tuple(tensor.shape) for tensor in features([pool("mean")])] == [(4, 8, 4), (4, 4)]
