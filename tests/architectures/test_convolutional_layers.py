"""Layers of convolutional networks compute what torch's own modules compute.

Covers: mtl_core/architectures/layers/kinds/convolutions.py, mtl_core/architectures/layers/kinds/blocks.py.
"""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from mtl_core.architectures import KINDS
from mtl_core.architectures.layers.modules.bottleneck import Bottleneck
from mtl_core.architectures.layers.modules.noise import StochasticDepth
from mtl_core.architectures.layers.modules.resizing import AdaptiveAvgPool, Upsample
from mtl_core.architectures.layers.modules.scaling import RMSNorm, SqueezeExcite
from mtl_core.spec import Spec
from mtl_core.spec import layers as spec
from mtl_core.training.runtime.threads import count_multiplications

SEQUENCE, IMAGE = (6, 9), (6, 5, 8)


def build(layer: Spec, shape: tuple[int, ...]) -> nn.Module:
    torch.manual_seed(0)
    return KINDS[type(layer)].build(layer, shape)


def rows(*shape: int) -> Tensor:
    return torch.randn(3, *shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("layer", "theirs"),
    [
        (spec.DepthwiseConv1d(multiplier=2, kernel_size=3), nn.Conv1d(6, 12, 3, padding=1, groups=6)),
        (spec.ConvTranspose1d(out_channels=4, kernel_size=3), nn.ConvTranspose1d(6, 4, 3, stride=2)),
        (spec.Mish(), nn.Mish()),
    ],
)
def test_a_layer_along_a_sequence_is_torch_s(layer: Spec, theirs: nn.Module) -> None:
    ours = build(layer, SEQUENCE)
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(rows(*SEQUENCE)), theirs(rows(*SEQUENCE)))


@pytest.mark.parametrize(
    ("layer", "theirs"),
    [
        (spec.DepthwiseConv2d(kernel_size=5, padding=0, stride=2), nn.Conv2d(6, 6, 5, stride=2, groups=6)),
        (
            spec.ConvTranspose2d(out_channels=4, kernel_size=3, padding=1, output_padding=1),
            nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1),
        ),
    ],
)
def test_a_layer_over_an_image_is_torch_s(layer: Spec, theirs: nn.Module) -> None:
    ours = build(layer, IMAGE)
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(rows(*IMAGE)), theirs(rows(*IMAGE)))


@pytest.mark.parametrize("shape", [SEQUENCE, IMAGE])
@pytest.mark.parametrize("factor", [1, 2, 3])
def test_upsampling_is_torch_s(shape: tuple[int, ...], factor: int) -> None:
    linear = "linear" if len(shape) == 2 else "bilinear"
    near, between = nn.Upsample(scale_factor=factor), nn.Upsample(scale_factor=factor, mode=linear)
    torch.testing.assert_close(Upsample(factor, linear=False)(rows(*shape)), near(rows(*shape)))
    torch.testing.assert_close(Upsample(factor, linear=True)(rows(*shape)), between(rows(*shape)))


@pytest.mark.parametrize("size", [1, 3, 5, 11])
def test_adaptive_pooling_is_torch_s(size: int) -> None:
    torch.testing.assert_close(AdaptiveAvgPool(size)(rows(*SEQUENCE)), nn.AdaptiveAvgPool1d(size)(rows(*SEQUENCE)))
    torch.testing.assert_close(AdaptiveAvgPool(size, size)(rows(*IMAGE)), nn.AdaptiveAvgPool2d(size)(rows(*IMAGE)))


@pytest.mark.parametrize("shape", [(6,), SEQUENCE, IMAGE])
def test_root_mean_square_normalization_is_torch_s_over_the_channels_of_each_position(shape: tuple[int, ...]) -> None:
    ours, theirs = RMSNorm(6, 1e-6), nn.RMSNorm(6, eps=1e-6)
    nn.init.uniform_(ours.weight)
    theirs.load_state_dict(ours.state_dict())
    expected = theirs(rows(*shape).movedim(1, -1)).movedim(-1, 1)
    torch.testing.assert_close(ours(rows(*shape)), expected)


@pytest.mark.parametrize("shape", [SEQUENCE, IMAGE])
def test_squeeze_and_excite_scales_each_channel_by_its_own_weight(shape: tuple[int, ...]) -> None:
    module = SqueezeExcite(6, 2)
    ratio = module(rows(*shape)) / rows(*shape)
    weights = ratio.flatten(2)
    torch.testing.assert_close(weights, weights[:, :, :1].expand_as(weights))
    assert ((weights > 0) & (weights < 1)).all()


def test_stochastic_depth_drops_whole_rows_in_training_and_keeps_their_mean() -> None:
    torch.manual_seed(0)
    layer, inputs = StochasticDepth(0.25), torch.ones(4000, 2, 3)
    outputs = layer(inputs)
    assert set(outputs.unique().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    assert torch.equal(outputs, outputs[:, :1, :1].expand_as(outputs))
    torch.testing.assert_close(outputs.mean(), torch.tensor(1.0), rtol=0.03, atol=0)
    assert torch.equal(layer.eval()(inputs), inputs)


def test_a_bottleneck_is_the_block_of_resnet() -> None:
    torch.manual_seed(0)
    block, inputs = Bottleneck(nn.Conv2d, nn.BatchNorm2d, (6, 2, 8), 3, 2), rows(*IMAGE)
    assert [type(layer).__name__ for layer in block.block] == [
        *["Conv2d", "BatchNorm2d", "ReLU"] * 2,
        "Conv2d",
        "BatchNorm2d",
    ]
    expected = torch.relu(block.block(inputs) + block.shortcut(inputs))
    torch.testing.assert_close(block(inputs), expected)
    assert expected.shape == (3, 8, 3, 4)
    assert isinstance(Bottleneck(nn.Conv2d, nn.BatchNorm2d, (6, 2, 6), 3, 1).shortcut, nn.Identity)


VMAPPED: list[tuple[Any, tuple[int, ...]]] = [
    (spec.DepthwiseConv2d(), IMAGE),
    (spec.ConvTranspose1d(), SEQUENCE),
    (spec.Upsample(mode="linear"), IMAGE),
    (spec.AdaptiveAvgPool(), IMAGE),
    (spec.RMSNorm(), SEQUENCE),
    (spec.LayerScale(), (6,)),
    (spec.StochasticDepth(), SEQUENCE),
    (spec.SqueezeExcite(), IMAGE),
    (spec.Bottleneck2d(norm="group"), IMAGE),
    (spec.Mish(), (6,)),
]


@pytest.mark.parametrize(("layer", "shape"), VMAPPED, ids=lambda value: getattr(value, "kind", ""))
def test_a_layer_computes_several_sets_of_parameters_at_once(layer: Spec, shape: tuple[int, ...]) -> None:
    module = build(layer, shape)
    if not isinstance(layer, spec.StochasticDepth):
        module.eval()
    assert not dict(module.named_buffers())
    names = dict(module.named_parameters())
    stacked = {name: torch.stack([p.detach(), 2 * p.detach()]) for name, p in names.items()}
    inputs = torch.stack([rows(*shape), rows(*shape)])

    def output(parameters: dict[str, Tensor], batch: Tensor) -> Tensor:
        result: Tensor = functional_call(module, parameters, (batch,))
        return result

    outputs = vmap(output, randomness="different")(stacked, inputs)
    assert outputs.shape[:2] == (2, 3)
    if not module.training:
        doubled = {name: 2 * p.detach() for name, p in names.items()}
        torch.testing.assert_close(outputs[1], output(doubled, rows(*shape)))


def test_gradients_do_not_depend_on_the_order_of_threads() -> None:
    torch.use_deterministic_algorithms(True)
    try:
        for layer, shape in VMAPPED:
            inputs = rows(*shape).requires_grad_()
            build(layer, shape)(inputs).square().sum().backward()
            assert inputs.grad is not None
    finally:
        torch.use_deterministic_algorithms(False)


def test_the_work_of_a_transposed_convolution_counts_at_every_position_that_arrives() -> None:
    assert (
        count_multiplications(build(spec.ConvTranspose1d(out_channels=4), SEQUENCE), rows(*SEQUENCE)[:1])
        == 9 * 6 * 4 * 2
    )
