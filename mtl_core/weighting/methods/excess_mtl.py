"""ExcessMTL (He, Zhou, Zhang, Yao & Zhao: Robust Multi-Task Learning with Excess Risks, ICML 2024)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_core.spec.weighting import ExcessMtlWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated
from mtl_core.weighting.gradients.tracking import TrackingAggregator, lengths_of, usable
from mtl_core.weighting.setup import Setup

EPS = 1e-7
_SMALLEST = torch.finfo(torch.float64).tiny


class ExcessRisks(TrackingAggregator):
    """The sum of w·g, where w grows with a task's excess risk, estimated by its gradient in the metric of Adagrad.

    With S the running sum of g², the excess is e = sum of g²/sqrt(S + 1e-7) and w is multiplied by
    exp(lr·e/e(first)), then scaled to add up to K. A task's first step leaves its weight where it is, relative to
    the others. A task missing from the batch keeps all three. An excess that started at 0 counts as unchanged. A
    step that is not finite is summed and forgotten.
    """

    wide = "squares"

    def __init__(self, ones: Tensor, lr: float) -> None:
        count = len(ones)
        first = torch.full((count,), torch.nan, dtype=torch.float64)
        super().__init__(ones, excess_weights=torch.ones(count, dtype=torch.float64), first=first)
        self._lr = lr

    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The weighted sum, with weights from this step's gradients."""
        if not usable(lengths_of(jacobian), losses):
            return jacobian.sum(dim=0), torch.ones_like(losses)
        squares = self.recall(jacobian, rows) + jacobian**2
        self.remember(squares, rows)
        excess = (jacobian**2 / torch.sqrt(squares + EPS)).sum(dim=1).double().cpu()
        part = list(range(len(self._small["first"])) if rows is None else rows)
        first, weights = self._small["first"], self._small["excess_weights"]
        first[part] = first[part].where(~first[part].isnan(), excess)
        ratios = (excess / first[part]).where(first[part] > 0, 1.0)
        # As logarithms: where the ratios are far apart all but one weight may be too small for a number above 0.
        logits = weights[part].clamp(min=_SMALLEST).log() + self._lr * ratios
        weights[part] = torch.softmax(logits, dim=0) * weights[part].sum()
        used = weights[part]
        return used.to(jacobian) @ jacobian, used.to(losses)


def build(spec: ExcessMtlWeighting, setup: Setup) -> Aggregated:
    """With the spec's step size."""
    return Aggregated(ExcessRisks(setup.ones, spec.lr), setup.ones)
