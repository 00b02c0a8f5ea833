"""The rows of the Jacobian under each way of computing it."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from mtl_core.weighting import ForwardPass, detach_at_representation
from mtl_core.weighting.autograd.mlp_backward import write_mlp_gradients
from mtl_core.weighting.gradients.jacobian import JacobianBuffer, flatten_gradients

TASKS = 6
MLPS: dict[str, Sequence[nn.Module]] = {
    "one layer": [nn.Linear(12, 5)],
    "no offset": [nn.Linear(12, 7, bias=False), nn.ReLU(), nn.Linear(7, 5, bias=False)],
    "dropout": [nn.Linear(12, 7), nn.Dropout(0.4), nn.Linear(7, 5)],
    **{
        str(activation): [nn.Linear(12, 7), activation, nn.Linear(7, 5), activation]
        for activation in (nn.ReLU(), nn.LeakyReLU(), nn.ELU(), nn.SiLU(), nn.Tanh(), nn.Sigmoid(), nn.Softplus())
    },
}
OTHERS: dict[str, Sequence[nn.Module]] = {
    "gelu": [nn.Linear(12, 7), nn.GELU(), nn.Linear(7, 5)],
    "layer norm": [nn.Linear(12, 5), nn.LayerNorm(5)],
    "batch norm": [nn.Linear(12, 5), nn.BatchNorm1d(5), nn.ReLU()],
    "convolution": [nn.Unflatten(1, (3, 4)), nn.Conv1d(3, 2, 3), nn.Flatten(), nn.ReLU(), nn.Linear(4, 5)],
    "recurrence": [nn.Unflatten(1, (4, 3)), nn.GRU(3, 5, batch_first=True)],
}


def one_pass(layers: Sequence[nn.Module]) -> tuple[nn.Sequential, ForwardPass, list[Tensor]]:
    """A trunk, a pass through it and heads of its own with its heads gone through, and the wanted gradients."""
    torch.manual_seed(0)
    trunk, heads = nn.Sequential(*layers), [nn.Linear(5, 2) for _ in range(TASKS)]
    inputs = torch.randn(8, 12)

    def features() -> Tensor:
        torch.manual_seed(1)
        found = trunk(inputs)
        return found[0][:, -1] if isinstance(found, tuple) else found

    def losses(outputs: Sequence[Tensor]) -> list[Tensor]:
        return [(output - task).square().mean() for task, output in enumerate(outputs)]

    learning = [parameter for parameter in trunk.parameters() if parameter.requires_grad]
    whole = features()
    wanted = [
        flatten_gradients(torch.autograd.grad(loss, learning, retain_graph=True), learning)
        for loss in losses([head(whole) for head in heads])
    ]
    outputs, representation = detach_at_representation((features(),), lambda task, found: heads[task](found[0]), TASKS)
    found = losses(outputs)
    torch.autograd.backward(found)
    return trunk, ForwardPass(found, representation=representation), wanted


def is_mlp(one: ForwardPass, learning: Sequence[nn.Parameter]) -> bool:
    assert one.representation is not None
    rows = torch.empty(TASKS, sum(parameter.numel() for parameter in learning))
    gradients = one.representation.jacobian(range(TASKS)).view(TASKS, 8, 5)
    return write_mlp_gradients(one.representation.trainable[0], gradients, learning, rows)


@pytest.mark.parametrize("name", [*MLPS, *OTHERS])
def test_rows_through_a_cut_are_those_of_one_backward_pass_a_task(name: str) -> None:
    trunk, one, wanted = one_pass((MLPS | OTHERS)[name])
    learning = list(trunk.parameters())
    assert is_mlp(one, learning) == (name in MLPS)
    jacobian = JacobianBuffer(torch.ones(TASKS))
    torch.testing.assert_close(jacobian.compute(one, range(TASKS), learning), torch.stack(wanted))


def test_some_tasks_have_rows_of_their_own() -> None:
    trunk, one, wanted = one_pass(MLPS["ReLU()"])
    rows = JacobianBuffer(torch.ones(TASKS)).compute(one, [1, 4], list(trunk.parameters()))
    torch.testing.assert_close(rows, torch.stack([wanted[1], wanted[4]]))


def test_frozen_layers_have_no_columns() -> None:
    layers = [nn.Linear(12, 7), nn.ReLU(), nn.Linear(7, 6), nn.Tanh(), nn.Linear(6, 5)]
    layers[0].requires_grad_(False)
    layers[2].weight.requires_grad_(False)
    trunk, one, wanted = one_pass(layers)
    learning = [parameter for parameter in trunk.parameters() if parameter.requires_grad]
    assert is_mlp(one, learning)
    torch.testing.assert_close(
        JacobianBuffer(torch.ones(TASKS)).compute(one, range(TASKS), learning), torch.stack(wanted)
    )


def test_a_layer_used_twice_is_no_chain() -> None:
    twice = nn.Linear(5, 5)
    trunk, one, wanted = one_pass([nn.Linear(12, 5), twice, nn.ReLU(), twice])
    learning = list(trunk.parameters())
    assert not is_mlp(one, learning)
    torch.testing.assert_close(
        JacobianBuffer(torch.ones(TASKS)).compute(one, range(TASKS), learning), torch.stack(wanted)
    )
