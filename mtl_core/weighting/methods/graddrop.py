"""GradDrop (Chen, Ngiam, Huang et al.: Just Pick a Sign, NeurIPS 2020)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_core.spec.weighting import GradDropWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated, Aggregator
from mtl_core.weighting.setup import Setup


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
        self._leaks = bool(leak.any())

    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The sum of what is kept."""
        leak = (self._leak if rows is None else self._leak[list(rows)]).to(jacobian)[:, None]
        total, size = jacobian.sum(dim=0), jacobian.abs().sum(dim=0)
        positive = 0.5 * (1 + total / size)
        drawn = torch.rand(jacobian.shape[1], dtype=jacobian.dtype, device=jacobian.device)
        up, down = positive > drawn, positive < drawn
        leaked: Tensor | float = 0.0
        if self._leaks:
            leaked, firm = (leak * jacobian).sum(dim=0), (1 - leak) * jacobian
            total, size = firm.sum(dim=0), firm.abs().sum(dim=0)
        # the sums of the positive and of the negative entries follow from these two: no pass over them apart
        direction = leaked + up * (size + total) / 2 + down * (total - size) / 2
        return direction, self._kept(jacobian, up, down, leak).to(losses)

    def _kept(self, jacobian: Tensor, up: Tensor, down: Tensor, leak: Tensor) -> Tensor:
        """[K] the share of each task's entries that was kept, a leaking one in part."""
        kept = torch.where(jacobian > 0, up, down | (jacobian == 0)).to(jacobian.dtype).mean(dim=1)
        return (kept + leak[:, 0] * (1 - kept)).nan_to_num(1.0)


def build(spec: GradDropWeighting, setup: Setup) -> Aggregated:
    """With the spec's leak."""
    return Aggregated(SignDropout(setup.per_task(spec.leak, "leak", default=0.0)), setup.ones)
