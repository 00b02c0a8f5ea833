"""Stacked models compute the same as each of them alone."""

import pytest
import torch
from torch import nn

from mtl_core.architectures import build_model
from mtl_core.datasets.data import Split
from mtl_core.spec import ModelSpec, RegressionTask, TargetInfo
from mtl_core.spec.layers import (
    AvgPool2d,
    Conv2d,
    Dropout,
    Dropout2d,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    GroupNorm,
    Layer,
    LayerNorm,
    Linear,
    MaxPool2d,
    MultiHeadAttention,
    ReLU,
    Residual,
    SelfAttention,
    SequencePool,
    Tanh,
)
from mtl_core.tasks import build_task
from mtl_core.training.joint.stacked_model import StackedModels, check_stackable, stacked_losses
from tests.inputs import as_table

IMAGE = (Conv2d(out_channels=4, kernel_size=3), GroupNorm(num_groups=2), ReLU())
STACKS: dict[str, tuple[tuple[int, ...], tuple[Layer, ...]]] = {
    "linear": ((5,), (Linear(out_features=4), Tanh(), Dropout(p=0.0))),
    "input only": ((5,), ()),
    "layer norm": ((5,), (Linear(out_features=4), LayerNorm())),
    "max pool": ((1, 8, 8), (*IMAGE, MaxPool2d(), Dropout2d(p=0.0), Flatten(), Linear(out_features=4))),
    "average pool": ((1, 8, 8), (*IMAGE, AvgPool2d(), GlobalAvgPool())),
    "global max": ((1, 8, 8), (*IMAGE, GlobalMaxPool())),
    "attention": ((4, 5), (SelfAttention(), MultiHeadAttention(heads=2), SequencePool(pool="attention"))),
    "residual": ((5,), (Residual(layers=(Linear(out_features=4), Tanh())),)),
}


@pytest.mark.parametrize("name", STACKS)
def test_losses_and_gradients_are_those_of_each_model(name: str) -> None:
    shape, layers = STACKS[name]
    torch.manual_seed(0)
    task = build_task(RegressionTask(name="y", target="y"), TargetInfo(name="y", kind="regression"))
    models = [build_model(ModelSpec(shared=layers), {"table": shape}, {"y": 1}) for _ in range(3)]
    inputs, targets = torch.randn(3, 6, *shape), torch.randn(3, 6, 1)
    check_stackable(models[0], [task], Split(as_table(inputs[0]), {"y": targets[0]}, {}))
    losses, gradients = [], []
    for model, rows, target in zip(models, inputs, targets, strict=True):
        losses.append(task.loss(model(as_table(rows))[0], target))
        gradients.append(torch.autograd.grad(losses[-1], list(model.parameters())))
    stacked = StackedModels(models)
    joint_losses = stacked_losses(models[0], [task], stacked.parameters)(as_table(inputs), [targets], [None])
    joint_losses.backward(torch.ones_like(joint_losses))
    torch.testing.assert_close(joint_losses, torch.stack(losses).unsqueeze(1))
    for parameter, alone in zip(stacked.parameters.values(), zip(*gradients, strict=True), strict=True):
        assert isinstance(parameter, nn.Parameter)
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, torch.stack(alone), rtol=1e-4, atol=1e-5)


def test_the_models_are_views_of_the_stack() -> None:
    models = [build_model(ModelSpec(shared=(Linear(out_features=4),)), {"table": (5,)}, {"y": 1}) for _ in range(2)]
    before = [{name: p.detach().clone() for name, p in model.named_parameters()} for model in models]
    stacked = StackedModels(models)
    with torch.no_grad():
        for parameter in stacked.parameters.values():
            parameter[1] += 1
    for number, model in enumerate(models):
        for name, parameter in model.named_parameters():
            assert torch.equal(parameter, before[number][name] + number)
