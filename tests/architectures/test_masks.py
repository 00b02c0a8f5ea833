"""Padding behind a text's end changes nothing: not attention of its tokens, not what is pooled, under several schemes.

Covers: mtl_core/architectures/layers/modules/layer_stack.py, mtl_core/architectures/layers/modules/masks.py.
"""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_core.architectures import build_model
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.architectures.layers.modules.masks import token_mask
from mtl_core.spec import ModelSpec
from mtl_core.spec.inputs.text import PADDING

EMBEDDING = {"kind": "embedding", "vocabulary": 9, "dimensions": 8}
SINES = {"kind": "positional_encoding", "encoding": "sinusoidal"}
BLOCK = {"kind": "transformer_block", "heads": 2, "dropout": 0.0}
TEXTS = torch.tensor([[3, 5, 2, 8], [4, 2, 0, 0], [0, 0, 0, 0], [7, 0, 0, 0]])


def pool(kind: str) -> dict[str, Any]:
    return {"kind": "sequence_pool", "pool": kind}


def padded(texts: Tensor, length: int) -> Tensor:
    return torch.cat([texts, texts.new_full((len(texts), length - texts.shape[1]), PADDING)], dim=1)


def outputs(sharing: str, shared: list[Any], head: list[Any], texts: Tensor) -> list[Tensor]:
    """The outputs of a model for texts of a length, with the same weights for any length."""
    model = ModelSpec.model_validate(
        {"sharing": {"kind": sharing}, "shared": shared, "heads": {"a": head, "b": head}}, strict=False
    )
    torch.manual_seed(0)
    built = build_model(model, {"text": texts.shape[1:]}, {"a": 2, "b": 1}).eval()
    return built({"text": texts})


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
}


@pytest.mark.parametrize("trunk", TRUNKS)
@pytest.mark.parametrize("sharing", ["hard", "separate"])
def test_more_padding_changes_no_output(sharing: str, trunk: str) -> None:
    shared, head = TRUNKS[trunk]
    short, long = (outputs(sharing, shared, head, padded(TEXTS, length)) for length in (4, 11))
    for one, other in zip(short, long, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sharing", ["cross_stitch", "mtan", "adversarial", "soft", "sluice"])
def test_other_schemes_hand_the_mask_on_to_the_heads(sharing: str) -> None:
    shared, head = TRUNKS["a mean in the head"]
    short, long = (outputs(sharing, shared, head, padded(TEXTS, length)) for length in (4, 9))
    for one, other in zip(short, long, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_a_text_without_tokens_keeps_its_first_position() -> None:
    assert token_mask(TEXTS).sum(dim=1).tolist() == [4, 2, 1, 1]


def test_the_mask_ends_where_the_number_of_positions_changes() -> None:
    mask = torch.ones(2, 6).bool()
    stack = LayerStack(nn.Conv1d(3, 4, 3, padding=1), nn.ReLU())
    assert stack.with_mask(torch.randn(2, 3, 6), mask)[1] is mask
    for last in (nn.MaxPool1d(2), nn.Flatten()):
        assert LayerStack(last).with_mask(torch.randn(2, 3, 6), mask)[1] is None


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
