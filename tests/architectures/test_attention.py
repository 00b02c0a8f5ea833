"""Attention, transformer and mixer layers compute what torch's own modules or the papers' formulas compute.

Covers: mtl_core/architectures/layers/kinds/attention.py, mtl_core/architectures/layers/kinds/patches.py.
"""

from math import sqrt
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from mtl_core.architectures import KINDS
from mtl_core.architectures.layers.modules.attention import MultiHeadAttention, SelfAttention, TransformerBlock
from mtl_core.architectures.layers.modules.tokens import PatchEmbedding, TokensToImage, sinusoids
from mtl_core.spec import Spec
from mtl_core.spec import layers as spec

CHANNELS, LENGTH, ROWS = 8, 6, 3
MASK = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0]]).bool()


def tokens(seed: int = 1) -> Tensor:
    return torch.randn(ROWS, LENGTH, CHANNELS, generator=torch.Generator().manual_seed(seed))


def build(layer: Spec, shape: tuple[int, ...] = (CHANNELS, LENGTH)) -> nn.Module:
    torch.manual_seed(0)
    return KINDS[type(layer)].build(layer, shape)


def copy_attention(ours: MultiHeadAttention, theirs: nn.MultiheadAttention) -> None:
    theirs.load_state_dict(
        {
            "in_proj_weight": ours.inputs.weight,
            "in_proj_bias": ours.inputs.bias,
            "out_proj.weight": ours.output.weight,
            "out_proj.bias": ours.output.bias,
        }
    )


@pytest.mark.parametrize("mask", [None, MASK])
def test_single_head_attention_is_the_formula_of_the_paper(mask: Tensor | None) -> None:
    torch.manual_seed(0)
    layer = SelfAttention(CHANNELS, 5, bias=True, dropout=0.0)
    query, key, value = (part(tokens()) for part in (layer.query, layer.key, layer.value))
    outputs = []
    for row in range(ROWS):
        kept = torch.ones(LENGTH).bool() if mask is None else mask[row]
        scores = query[row] @ key[row][kept].T / sqrt(5)
        outputs.append((scores.exp() / scores.exp().sum(dim=1, keepdim=True)) @ value[row][kept])
    found = layer(tokens().transpose(1, 2), mask)
    torch.testing.assert_close(found, torch.stack(outputs).transpose(1, 2))


@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("training", [True, False])
def test_multi_head_attention_is_torch_s(mask: Tensor | None, training: bool) -> None:
    torch.manual_seed(0)
    ours = MultiHeadAttention(CHANNELS, 4).train(training)
    nn.init.uniform_(ours.inputs.bias)
    theirs = nn.MultiheadAttention(CHANNELS, 4, batch_first=True).train(training)
    copy_attention(ours, theirs)
    padding = None if mask is None else ~mask
    expected, _ = theirs(tokens(), tokens(), tokens(), key_padding_mask=padding, need_weights=False)
    torch.testing.assert_close(ours(tokens(), mask), expected)


def test_multi_head_attention_starts_as_torch_s_does() -> None:
    torch.manual_seed(0)
    theirs = nn.MultiheadAttention(64, 4)
    torch.manual_seed(0)
    ours = MultiHeadAttention(64, 4)
    assert theirs.in_proj_weight is not None
    torch.testing.assert_close(ours.inputs.weight.std(), theirs.in_proj_weight.std(), rtol=0.05, atol=0)
    assert not ours.inputs.bias.any()
    assert not ours.output.bias.any()


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("pre_norm", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_a_transformer_block_is_torch_s(relu: bool, pre_norm: bool, training: bool) -> None:
    torch.manual_seed(0)
    ours = TransformerBlock(CHANNELS, 2, 10, dropout=0.0, pre_norm=pre_norm, relu=relu)
    theirs = nn.TransformerEncoderLayer(
        CHANNELS, 2, 10, 0.0, "relu" if relu else "gelu", batch_first=True, norm_first=pre_norm
    )
    copy_attention(ours.attention, theirs.self_attn)
    pairs = {"linear1": ours.expand, "linear2": ours.contract, "norm1": ours.norm1, "norm2": ours.norm2}
    for name, module in pairs.items():
        nn.init.uniform_(module.bias)
        theirs.get_submodule(name).load_state_dict(module.state_dict())
    ours.train(training)
    theirs.train(training)
    expected = theirs(tokens(), src_key_padding_mask=~MASK)
    kept = MASK.unsqueeze(2)  # torch's fast path sets padding to zero
    torch.testing.assert_close(ours(tokens(), MASK) * kept, expected * kept)


def test_reglu_multiplies_linear_values_with_the_relu_of_others() -> None:
    torch.manual_seed(0)
    block = TransformerBlock(CHANNELS, 2, 3, dropout=0.0, pre_norm=True, relu=True, gated=True)
    linear = nn.functional.linear(tokens(), block.expand.weight, block.expand.bias)
    expected = block.contract(linear[..., :3] * linear[..., 3:].relu())
    torch.testing.assert_close(block._feed_forward(tokens()), expected)


def test_a_sinusoidal_encoding_is_the_formula_of_the_paper() -> None:
    waves = sinusoids(6, 4, torch.device("cpu"))
    for position in range(4):
        for pair in range(3):
            angle = torch.tensor(position / 10_000 ** (2 * pair / 6))
            torch.testing.assert_close(waves[2 * pair, position], angle.sin())
            torch.testing.assert_close(waves[2 * pair + 1, position], angle.cos())


def test_patches_become_tokens_row_by_row_and_tokens_an_image_again() -> None:
    image = torch.arange(24.0).view(1, 1, 4, 6)
    layer = PatchEmbedding(1, 4, 2)
    layer.projection.weight.data.copy_(torch.eye(4).view(4, 1, 2, 2))
    layer.projection.bias.data.zero_()  # type: ignore[union-attr]
    embedded = layer(image)
    assert embedded[0, :, 1].tolist() == [2.0, 3.0, 8.0, 9.0]
    laid_out = TokensToImage(2, 0)(embedded)
    assert laid_out.shape == (1, 4, 2, 3)
    torch.testing.assert_close(nn.PixelShuffle(2)(laid_out), image)
    behind_a_token = torch.cat([torch.full((1, 4, 1), 9.0), embedded], dim=2)
    assert torch.equal(TokensToImage(2, 1)(behind_a_token), laid_out)


def test_a_mixer_block_is_the_formula_of_the_paper() -> None:
    block: Any = build(spec.MixerBlock(position_features=5, channel_features=7))
    x = tokens()
    hidden = nn.functional.gelu(block.positions.expand(block.norm1(x).transpose(1, 2)))
    x = x + block.positions.contract(hidden).transpose(1, 2)
    x = x + block.channels.contract(nn.functional.gelu(block.channels.expand(block.norm2(x))))
    torch.testing.assert_close(block(tokens().transpose(1, 2)), x.transpose(1, 2))


def test_a_class_token_comes_first_and_is_the_same_in_every_row() -> None:
    outputs = build(spec.ClassToken())(tokens().transpose(1, 2))
    assert outputs.shape == (ROWS, CHANNELS, LENGTH + 1)
    assert torch.equal(outputs[:, :, 1:], tokens().transpose(1, 2))
    assert torch.equal(outputs[:, :, 0], outputs[:1, :, 0].expand(ROWS, -1))


@pytest.mark.parametrize("pool", ["mean", "max", "attention"])
def test_a_sequence_pool_of_a_masked_sequence_is_that_of_the_shorter_one(pool: Any) -> None:
    layer = build(spec.SequencePool(pool=pool))
    inputs = tokens().transpose(1, 2)
    for row in range(ROWS):
        shorter = inputs[row : row + 1, :, : int(MASK[row].sum())]
        torch.testing.assert_close(layer(inputs, MASK)[row], layer(shorter)[0])


def test_the_first_and_the_last_position_are_those_of_the_text() -> None:
    inputs = tokens().transpose(1, 2)
    assert torch.equal(build(spec.SelectPosition())(inputs, MASK), inputs[:, :, 0])
    last = build(spec.SelectPosition(position="last"))
    assert torch.equal(last(inputs), inputs[:, :, -1])
    assert torch.equal(last(inputs, MASK), torch.stack([inputs[0, :, 5], inputs[1, :, 1], inputs[2, :, 3]]))


EVERY: list[Spec] = [
    spec.SelfAttention(dimensions=5),
    spec.MultiHeadAttention(),
    spec.TransformerBlock(dropout=0.0),
    spec.TransformerBlock(dropout=0.0, norm="post", activation="relu"),
    spec.PositionalEncoding(),
    spec.PositionalEncoding(encoding="sinusoidal"),
    spec.ClassToken(),
    spec.MixerBlock(),
    spec.SequencePool(pool="attention"),
    spec.SequencePool(pool="max"),
    spec.SelectPosition(position="last"),
]


@pytest.mark.parametrize("layer", EVERY, ids=lambda layer: layer.kind)
def test_a_layer_computes_several_sets_of_parameters_at_once(layer: Spec) -> None:
    module = build(layer)
    assert not dict(module.named_buffers())
    names = {name: p.detach() for name, p in module.named_parameters()}
    stacked = {name: torch.stack([p, 2 * p]) for name, p in names.items()}
    arguments = (tokens().transpose(1, 2), *([MASK] if getattr(module, "reads_mask", False) else []))

    def output(parameters: dict[str, Tensor]) -> Tensor:
        result: Tensor = functional_call(module, parameters, arguments)
        return result

    outputs = vmap(output)(stacked) if stacked else output({}).expand(2, *output({}).shape)
    torch.testing.assert_close(outputs[1], output({name: 2 * p for name, p in names.items()} if stacked else {}))


@pytest.mark.parametrize("layer", EVERY, ids=lambda layer: layer.kind)
def test_gradients_can_be_differentiated_again_and_do_not_depend_on_threads(layer: Spec) -> None:
    torch.use_deterministic_algorithms(True)
    try:
        inputs = tokens().transpose(1, 2).requires_grad_()
        (first,) = torch.autograd.grad(build(layer)(inputs).pow(3).sum(), inputs, create_graph=True)
        first.square().sum().backward()
        assert inputs.grad is not None
        assert inputs.grad.isfinite().all()
    finally:
        torch.use_deterministic_algorithms(False)
