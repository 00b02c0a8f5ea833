"""Losses that can be negative are marked as such in the spec."""

from typing import get_args

import pytest
import torch

from mtl_core.spec import Task, members
from mtl_core.tasks import build_task
from tests.tasks.test_contract import CASES, batch

_STEPS = 150


@pytest.mark.parametrize("name", CASES)
def test_a_loss_falls_below_0_where_the_spec_says_so_and_nowhere_else(name: str) -> None:
    task, info = CASES[name]
    head = build_task(task, info)
    output, target = batch(info, rows=6)
    output = output.detach().requires_grad_()
    optimizer = torch.optim.Adam([output], lr=0.2)
    lowest = torch.inf
    for _ in range(_STEPS):
        optimizer.zero_grad()
        loss = head.loss(output, target)
        loss.backward()
        optimizer.step()
        lowest = min(lowest, loss.item())
    assert (lowest < -1e-3) == (task.loss in task.signed)
    assert lowest > -1e-6 or task.loss in task.signed


def test_signed_losses_are_losses_of_their_task() -> None:
    for member in members(Task):
        assert set(member.signed) <= set(get_args(member.model_fields["loss"].annotation))
