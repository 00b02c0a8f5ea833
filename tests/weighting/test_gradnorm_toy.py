"""A small version of the toy of the GradNorm paper: ten regressions that differ in scale alone."""

import pytest
import torch
from torch import Tensor, nn

from mtl_core.spec.weighting import EqualWeighting, GradNormWeighting
from mtl_core.weighting import build_weighting

SCALES = [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0]


class Toy(nn.Module):
    """y_i = scale_i · tanh((B + E_i) x), learned by a shared trunk and a linear head per task."""

    def __init__(self) -> None:
        super().__init__()
        base = 3 * torch.randn(8, 16)
        self.mixes = [base + torch.randn(8, 16) for _ in SCALES]
        self.trunk = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU())
        self.heads = nn.ModuleList([nn.Linear(48, 8) for _ in SCALES])

    def losses(self, inputs: Tensor) -> list[Tensor]:
        features = self.trunk(inputs)
        targets = [scale * torch.tanh(inputs @ mix.T) for scale, mix in zip(SCALES, self.mixes, strict=True)]
        return [((head(features) - y) ** 2).mean() for head, y in zip(self.heads, targets, strict=True)]

    def shared_parameters(self) -> list[nn.Parameter]:
        return list(self.trunk.parameters())

    def last_shared_parameters(self) -> list[nn.Parameter]:
        return list(self.trunk[2].parameters())


def train(spec: EqualWeighting | GradNormWeighting, steps: int) -> tuple[Tensor, Tensor]:
    """The weights at the end, and each task's loss over its first."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Toy()
        held_out, batches = torch.randn(512, 16) / 4, [torch.randn(64, 16) / 4 for _ in range(32)]
    weighting = build_weighting(spec, [(str(scale), "regression") for scale in SCALES])
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    first = torch.stack(model.losses(held_out)).detach()
    for step in range(steps):
        optimizer.zero_grad()
        weighting.backward(model.losses(batches[step % len(batches)]), model)
        optimizer.step()
    return weighting.weights(), torch.stack(model.losses(held_out)).detach() / first


def test_gradnorm_orders_the_weights_against_the_scales() -> None:
    weights, _ = train(GradNormWeighting(alpha=0.12, lr=0.02), steps=100)
    rank = torch.corrcoef(torch.stack([weights.argsort().argsort().float(), torch.arange(10.0)]))[0, 1]
    assert rank <= -0.95
    assert weights[0] > 2 * weights[-1]
    assert abs(float(weights.sum()) - 10) < 1e-3


@pytest.mark.slow
def test_tasks_end_closer_together_under_gradnorm_than_under_equal_weights() -> None:
    _, ratios = train(GradNormWeighting(alpha=0.12, lr=0.01), steps=400)
    _, equal_ratios = train(EqualWeighting(), steps=400)
    assert ratios.std() < 0.8 * equal_ratios.std()
