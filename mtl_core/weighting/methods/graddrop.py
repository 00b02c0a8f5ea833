"""GradDrop (Chen, Ngiam, Huang et al.: Just Pick a Sign, NeurIPS 2020)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_core.spec.weighting import GradDropWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import Aggregator, GradientAggregation


class GradDropAggregator(Aggregator):
    """GradDrop: samples a sign for every parameter and drops the gradient entries of the other sign.

    The sign is positive with probability (1 + sum of g / sum of abs(g))/2, sampled with torch's global generator
    on the gradients' device. A fraction ``leak`` of a task's gradient is never dropped. The reported weights are the
    fractions of each task's entries that are kept.

    Args:
        leak: [K] between 0 and 1.
    """

    def __init__(self, leak: Tensor) -> None:
        self._leak = leak
        self._has_leak = bool(leak.any())

    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The sum of the entries that are kept."""
        leak = (self._leak if rows is None else self._leak[list(rows)]).to(jacobian)[:, None]
        total, size = jacobian.sum(dim=0), jacobian.abs().sum(dim=0)
        positive_probability = 0.5 * (1 + total / size)
        uniform = torch.rand(jacobian.shape[1], dtype=jacobian.dtype, device=jacobian.device)
        keep_positive, keep_negative = positive_probability > uniform, positive_probability < uniform
        leaked: Tensor | float = 0.0
        if self._has_leak:
            leaked, droppable = (leak * jacobian).sum(dim=0), (1 - leak) * jacobian
            total, size = droppable.sum(dim=0), droppable.abs().sum(dim=0)
        # The sums of the positive and of the negative entries follow from these two, without masking the Jacobian.
        direction = leaked + keep_positive * (size + total) / 2 + keep_negative * (total - size) / 2
        return direction, self._kept_fractions(jacobian, keep_positive, keep_negative, leak).to(losses)

    def _kept_fractions(self, jacobian: Tensor, keep_positive: Tensor, keep_negative: Tensor, leak: Tensor) -> Tensor:
        """[K] the fraction of each task's entries that are kept, leaking ones in part."""
        fractions = (
            torch.where(jacobian > 0, keep_positive, keep_negative | (jacobian == 0)).to(jacobian.dtype).mean(dim=1)
        )
        return (fractions + leak[:, 0] * (1 - fractions)).nan_to_num(1.0)


def build(spec: GradDropWeighting, context: WeightingContext) -> GradientAggregation:
    """Build GradDrop with the spec's leak."""
    return GradientAggregation(GradDropAggregator(context.per_task(spec.leak, "leak", default=0.0)), context.ones)
