"""Distances between the outputs of two models."""

import math

import pytest
import torch

from mtl_core.spec import RegressionTask
from mtl_core.tasks import build_task
from tests.tasks.test_contract import CASES


def outputs(case: str, rows: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    task, info = CASES[case]
    wanted = build_task(task, info).out_features
    shape = (rows, wanted) if isinstance(wanted, int) else (rows, *wanted)
    generator = torch.Generator().manual_seed(0)
    one, two = (torch.randn(shape, generator=generator) for _ in range(2))
    return one.requires_grad_(), two


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_the_distance_is_least_and_0_where_the_outputs_are_the_same(case: str, temperature: float) -> None:
    task, info = CASES[case]
    head = build_task(task, info)

    def distance(output: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return head.distance(output, wanted, temperature)

    own, other = outputs(case)
    same = distance(own, own.detach())
    assert same.item() == pytest.approx(0, abs=1e-6)
    (gradient,) = torch.autograd.grad(same, own)
    assert gradient.abs().max() < 1e-6
    far = distance(own, other)
    assert far.shape == ()
    assert far.item() > 1e-3
    (gradient,) = torch.autograd.grad(far, own)
    assert gradient.isfinite().all()
    assert distance(own - 0.01 * gradient, other) < far


def test_the_distance_of_classes_is_the_divergence_of_powers_of_probabilities() -> None:
    task, info = CASES["multiclass"]
    own, other = outputs("multiclass", rows=1)
    p, q = (torch.softmax(logits, 1) ** (1 / 3) for logits in (own.detach(), other))
    p, q = p / p.sum(), q / q.sum()
    found = build_task(task, info).distance(own, other, 3.0)
    torch.testing.assert_close(found.detach(), 9 * (q * (q / p).log()).sum())


def test_the_distance_of_a_logit_is_that_of_its_two_classes() -> None:
    own, other = torch.tensor([[0.3]]), torch.tensor([[-1.2]])
    (binary, yes), (many, classes) = CASES["binary"], CASES["multiclass"]
    two = [torch.cat([torch.zeros(1, 1), logit], 1) for logit in (own, other)]
    found = build_task(binary, yes).distance(own, other, 2.0)
    torch.testing.assert_close(found, build_task(many, classes).distance(*two, 2.0))


def test_the_distance_of_numbers_is_the_squared_error_in_training_units() -> None:
    task = RegressionTask(name="t", target="y", loss="mae")
    distance = build_task(task, CASES["mae"][1]).distance
    assert distance(torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0], [4.0]]), 1.0).item() == 2.0
    assert math.isclose(distance(torch.zeros(1, 1), torch.ones(1, 1), 1.0).item(), 1.0)
