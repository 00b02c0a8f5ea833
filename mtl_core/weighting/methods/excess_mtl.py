"""ExcessMTL (He, Zhou, Zhang, Yao & Zhao: Robust Multi-Task Learning with Excess Risks, ICML 2024)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_core.spec.weighting import ExcessMtlWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import GradientAggregation
from mtl_core.weighting.gradients.tracking import TrackingAggregator, all_finite, row_norms

EPS = 1e-7
_SMALLEST = torch.finfo(torch.float64).tiny


class ExcessRiskAggregator(TrackingAggregator):
    """Sums w·g, where w grows with a task's excess risk, estimated by its gradient in Adagrad's metric.

    With S the running sum of g², the excess is e = sum of g²/sqrt(S + 1e-7) and w is multiplied by
    exp(lr·e/e(first)), then scaled to add up to K. A task's first step does not change its weight relative to
    the others. A task missing from the batch keeps its S, e(first) and w. If e(first) is 0, e counts as unchanged. A
    non-finite step is summed and not tracked.
    """

    rows_name = "squares"

    def __init__(self, ones: Tensor, lr: float) -> None:
        count = len(ones)
        first = torch.full((count,), torch.nan, dtype=torch.float64)
        super().__init__(ones, excess_weights=torch.ones(count, dtype=torch.float64), first=first)
        self._lr = lr

    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The weighted sum, with weights updated by this step's gradients."""
        if not all_finite(row_norms(jacobian), losses):
            return jacobian.sum(dim=0), torch.ones_like(losses)
        squares = self.read_rows(jacobian, rows) + jacobian**2
        self.write_rows(squares, rows)
        excess = (jacobian**2 / torch.sqrt(squares + EPS)).sum(dim=1).double().cpu()
        tasks = list(range(len(self._small["first"])) if rows is None else rows)
        first, weights = self._small["first"], self._small["excess_weights"]
        first[tasks] = first[tasks].where(~first[tasks].isnan(), excess)
        ratios = (excess / first[tasks]).where(first[tasks] > 0, 1.0)
        # In log space: if the ratios differ widely, all weights but one may underflow.
        logits = weights[tasks].clamp(min=_SMALLEST).log() + self._lr * ratios
        weights[tasks] = torch.softmax(logits, dim=0) * weights[tasks].sum()
        factors = weights[tasks]
        return factors.to(jacobian) @ jacobian, factors.to(losses)


def build(spec: ExcessMtlWeighting, context: WeightingContext) -> GradientAggregation:
    """Build ExcessMTL with the spec's step size."""
    return GradientAggregation(ExcessRiskAggregator(context.ones, spec.lr), context.ones)
