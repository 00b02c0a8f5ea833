"""GradDrop (Chen, Ngiam, Huang et al.: Just Pick a Sign, NeurIPS 2020)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_core.spec.weighting import GradDropWeighting
from mtl_core.weighting.aggregated import Aggregated, Aggregator
from mtl_core.weighting.build import Setup


class SignDropout(Aggregator):
    """For every parameter the sign of all tasks' gradients is drawn, and those of the other sign are dropped.

    The sign is positive with probability (1 + sum of g / sum of abs(g))/2, by numbers from torch's global generator
    on the gradients' device. A share ``leak`` of a task's gradient is never dropped. The weights shown are the
    share of each task's entries that was kept.

    Args:
        leak: [K] between 0 and 1.
    """

    def __init__(self, leak: Tensor) -> None:
        self._leak = leak

    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The sum of what is kept."""
        leak = (self._leak if rows is None else self._leak[list(rows)]).to(jacobian)[:, None]
        positive = 0.5 * (1 + jacobian.sum(dim=0) / jacobian.abs().sum(dim=0))
        drawn = torch.rand(jacobian.shape[1], dtype=jacobian.dtype, device=jacobian.device)
        kept = torch.where(jacobian > 0, positive > drawn, positive < drawn) | (jacobian == 0)
        direction = (jacobian * torch.where(kept, 1.0, leak)).sum(dim=0)
        size = max(jacobian.shape[1], 1)
        return direction, (torch.where(kept, 1.0, leak).sum(dim=1) / size).to(losses)


def build(spec: GradDropWeighting, setup: Setup) -> Aggregated:
    """With the spec's leak."""
    return Aggregated(SignDropout(setup.per_task(spec.leak, "leak", default=0.0)), setup.ones)
