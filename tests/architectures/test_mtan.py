"""MTAN: attention masks of the tasks on the features of one trunk."""

import pytest
import torch
from torch import nn

from mtl_core.architectures import MultiTaskModel
from mtl_core.architectures.sharing.mtan import Attention, AveragePooling
from tests.architectures.schemes import TRUNKS, batch, built, number, outputs_of
from tests.inputs import as_table

SHAPES = [(4,), (4, 5), (4, 6, 5)]


def let_all_through(model: MultiTaskModel) -> None:
    """Masks of ones, whatever arrives."""
    for mask in (module for module in model.modules() if isinstance(module, Attention)):
        norm = mask.mask[4]
        assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
        nn.init.zeros_(norm.weight)
        nn.init.constant_(norm.bias, 60.0)


def numbered(model: MultiTaskModel) -> dict[str, torch.Tensor]:
    """The trunk's and the heads' parameters, in order, and by it."""
    names = [name for name, _ in model.named_parameters() if not name.startswith("attention")]
    return {str(i): model.get_parameter(name) for i, name in enumerate(names)}


@pytest.mark.parametrize("trunk", TRUNKS)
def test_masks_of_ones_are_hard_sharing(trunk: str) -> None:
    model, hard = built("mtan", trunk), built("hard", trunk)
    theirs = numbered(hard)
    with torch.no_grad():
        for name, parameter in numbered(model).items():
            parameter.copy_(theirs[name])
    let_all_through(model)
    inputs = batch(trunk)
    model.eval(), hard.eval()
    for one, other in zip(outputs_of(model, inputs), outputs_of(hard, inputs), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mask_is_the_rule_of_the_paper(shape: tuple[int, ...]) -> None:
    attention = Attention(shape, shape).eval()
    features, before = torch.randn(3, *shape), torch.randn(3, *shape)
    first, second = attention.mask[0], attention.mask[3]
    weights = [torch.as_tensor(layer.weight).detach().flatten(1) for layer in (first, second)]
    scale = (1 + 1e-5) ** -0.5
    hidden = torch.einsum("oi,ni...->no...", weights[0], torch.cat([features, before], dim=1))
    gate = torch.einsum("oi,ni...->no...", weights[1], torch.relu(hidden * scale))
    wanted = torch.sigmoid(gate * scale) * features
    torch.testing.assert_close(attention(features, before), wanted)


def test_the_first_mask_looks_at_the_shared_features_alone() -> None:
    attention = Attention((4,), None)
    features = torch.randn(6, 4)
    masked = attention(features, None)
    assert masked.shape == features.shape
    assert (masked.abs() <= features.abs()).all()


@pytest.mark.parametrize(("size", "onto"), [(8, 4), (8, 6), (7, 3), (5, 5), (3, 5), (4, 1)])
def test_positions_are_averaged_as_adaptive_pooling_does(size: int, onto: int) -> None:
    image, sequence = torch.randn(2, 3, size, 9), torch.randn(2, 3, size)
    pooled = AveragePooling((3, size, 9), (onto, 2))(image)
    torch.testing.assert_close(pooled, nn.functional.adaptive_avg_pool2d(image, (onto, 2)))
    pooled = AveragePooling((3, size), (onto,))(sequence)
    torch.testing.assert_close(pooled, nn.functional.adaptive_avg_pool1d(sequence, onto))


def test_behind_a_flatten_the_average_of_all_positions_is_looked_at() -> None:
    image, row = torch.randn(2, 3, 5, 4), torch.randn(2, 3)
    torch.testing.assert_close(AveragePooling((3, 5, 4), ())(image), image.mean(dim=(2, 3)))
    assert AveragePooling((3,), ())(row) is row


def test_the_trunk_is_shared_and_the_masks_belong_to_their_tasks() -> None:
    model, hard = built("mtan", "convs"), built("hard", "convs")
    assert number(model.shared_parameters()) == number(hard.shared_parameters())
    assert number(model.last_shared_parameters()) == number(hard.last_shared_parameters())
    masks = [sum(number(module.parameters()) for module in model.modules() if isinstance(module, Attention))]
    assert number(model.parameters()) == number(hard.parameters()) + masks[0]
    own = number(model.head_parameters("left")) - number(hard.head_parameters("left"))
    assert own == masks[0] // 2


def test_all_tasks_read_the_same_features_of_every_stage() -> None:
    model, inputs = built("mtan", "convs"), batch("convs")
    assert [tuple(level.shape[1:]) for level in model.features(as_table(inputs))] == [(4, 6, 6), (4, 2, 2), (6,)]
