"""DB-MTL (Lin, Jiang, Ye, Zhang, Chen, Chen & Kwok: Dual-Balancing for Multi-Task Learning, 2023)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_core.spec.weighting import DbMtlWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import GradientAggregation
from mtl_core.weighting.gradients.tracking import TrackingAggregator, all_finite, row_norms

EPS = 1e-8


class DualBalancingAggregator(TrackingAggregator):
    """Sums moving averages of the gradients of log(L + 1e-8), all scaled to the norm of the longest.

    In a task's step t its average, initially 0, becomes g + beta/t^sigma·(average - g); a task missing from the batch
    keeps its average and its t. A loss below 0 counts by its absolute value, and a zero average stays zero. The
    reported weights are the factors of the averages. A non-finite step is summed and not tracked.
    """

    rows_name = "means"

    def __init__(self, ones: Tensor, beta: float, sigma: float) -> None:
        super().__init__(ones, steps=torch.zeros(len(ones), dtype=torch.float64))
        self._beta = beta
        self._sigma = sigma

    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The sum of the balanced averages."""
        if not all_finite(row_norms(jacobian), losses):
            return jacobian.sum(dim=0), torch.ones_like(losses)
        tasks = list(range(len(self._small["steps"])) if rows is None else rows)
        self._small["steps"][tasks] += 1
        decay = (self._beta / self._small["steps"][tasks] ** self._sigma).to(jacobian)[:, None]
        gradients = jacobian / (losses.abs() + EPS).to(jacobian)[:, None]
        averages = gradients + decay * (self.read_rows(jacobian, rows) - gradients)
        self.write_rows(averages, rows)
        norms = row_norms(averages)
        factors = (norms.max() / norms).where(norms > 0, 0.0)
        return factors.to(jacobian) @ averages, factors.to(losses)


def build(spec: DbMtlWeighting, context: WeightingContext) -> GradientAggregation:
    """Build DB-MTL with the spec's decay."""
    return GradientAggregation(DualBalancingAggregator(context.ones, spec.beta, spec.sigma), context.ones)
