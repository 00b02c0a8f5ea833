"""DB-MTL (Lin, Jiang, Ye, Zhang, Chen, Chen & Kwok: Dual-Balancing for Multi-Task Learning, 2023)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_core.spec.weighting import DbMtlWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated
from mtl_core.weighting.gradients.tracking import TrackingAggregator, lengths_of, usable
from mtl_core.weighting.setup import Setup

EPS = 1e-8


class DualBalancing(TrackingAggregator):
    """The sum of the running means of the gradients of log(L + 1e-8), all brought to the length of the longest.

    In a task's step t its mean becomes g + beta/t^sigma·(mean - g), from 0; the mean and the t of a task missing
    from the batch stay. A loss below 0 counts by its absolute value, and a zero mean as zero. The weights shown are
    what the means are multiplied by. A step that is not finite is summed and forgotten.
    """

    wide = "means"

    def __init__(self, ones: Tensor, beta: float, sigma: float) -> None:
        super().__init__(ones, steps=torch.zeros(len(ones), dtype=torch.float64))
        self._beta = beta
        self._sigma = sigma

    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The sum of the balanced means."""
        if not usable(lengths_of(jacobian), losses):
            return jacobian.sum(dim=0), torch.ones_like(losses)
        part = list(range(len(self._small["steps"])) if rows is None else rows)
        self._small["steps"][part] += 1
        kept = (self._beta / self._small["steps"][part] ** self._sigma).to(jacobian)[:, None]
        gradients = jacobian / (losses.abs() + EPS).to(jacobian)[:, None]
        means = gradients + kept * (self.recall(jacobian, rows) - gradients)
        self.remember(means, rows)
        lengths = lengths_of(means)
        factors = (lengths.max() / lengths).where(lengths > 0, 0.0)
        return factors.to(jacobian) @ means, factors.to(losses)


def build(spec: DbMtlWeighting, setup: Setup) -> Aggregated:
    """With the spec's memory."""
    return Aggregated(DualBalancing(setup.ones, spec.beta, spec.sigma), setup.ones)
