"""Layers that torch does not have."""

import torch

from mtl_core.architectures.layers.modules import GaussianNoise


def test_noise_has_the_standard_deviation_asked_for_and_is_there_only_while_training() -> None:
    torch.manual_seed(0)
    layer, inputs = GaussianNoise(0.3), torch.ones(2000, 5)
    noise = layer(inputs) - inputs
    torch.testing.assert_close(noise.std(), torch.tensor(0.3), rtol=0.05, atol=0)
    torch.testing.assert_close(noise.mean(), torch.tensor(0.0), rtol=0, atol=0.02)
    assert not torch.equal(layer(inputs), layer(inputs))
    assert torch.equal(layer.eval()(inputs), inputs)


def test_gradients_pass_through_noise_unchanged() -> None:
    inputs = torch.ones(4, 3, requires_grad=True)
    GaussianNoise(0.5)(inputs).sum().backward()
    assert inputs.grad is not None
    assert torch.equal(inputs.grad, torch.ones(4, 3))
