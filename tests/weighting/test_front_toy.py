"""The two-dimensional problem of the CAGrad and Nash-MTL papers: where each method ends on the Pareto front."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_core.spec.weighting import ImtlGWeighting, NashMtlWeighting
from mtl_core.weighting import build_weighting

LOWEST = 5e-6


class Toy:
    """Two losses of two shared numbers, float32; the front is the line x2 = -8.35 between x1 = -7 and 7.

    Args:
        scale: What the first loss is multiplied by.
    """

    def __init__(self, scale: float) -> None:
        self.place = nn.Parameter(torch.zeros(2))
        self._scale = scale

    def losses(self) -> list[Tensor]:
        x, y = self.place
        left = torch.log(((-x - 7) / 2 - torch.tanh(-y)).abs().clamp(min=LOWEST)) + 6
        right = torch.log(((3 - x) / 2 + torch.tanh(-y) + 2).abs().clamp(min=LOWEST)) + 6
        up, down = torch.tanh(y / 2).clamp(min=0), torch.tanh(-y / 2).clamp(min=0)
        left_bowl = ((7 - x) ** 2 + 0.1 * (-y - 8) ** 2) / 10 - 20
        right_bowl = ((-x - 7) ** 2 + 0.1 * (-y - 8) ** 2) / 10 - 20
        return [self._scale * (left * up + left_bowl * down), right * up + right_bowl * down]

    def shared_parameters(self) -> list[nn.Parameter]:
        return [self.place]

    def last_shared_parameters(self) -> list[nn.Parameter]:
        return [self.place]


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1.0, 0.1])
@pytest.mark.parametrize("spec", [ImtlGWeighting(), NashMtlWeighting()], ids=lambda spec: spec.kind)
def test_from_between_the_tasks_training_ends_balanced_on_the_front(spec: Any, scale: float) -> None:
    toy = Toy(scale)
    weighting = build_weighting(spec, [("left", "regression"), ("right", "regression")])
    optimizer = torch.optim.Adam([toy.place], lr=0.05)
    for _ in range(5000):
        optimizer.zero_grad()
        weighting.backward(toy.losses(), toy)
        optimizer.step()
    left, right = (loss.item() for loss in toy.losses())
    # Once on the front nothing but rounding is left of the gradients' balance, and must not carry it along.
    assert left / scale == pytest.approx(right, abs=0.2)
    assert toy.place[1].item() == pytest.approx(-8.355, abs=0.05)
