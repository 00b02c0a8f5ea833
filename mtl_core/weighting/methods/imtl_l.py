"""IMTL-L (Liu, Li, Kuang et al.: Towards Impartial Multi-task Learning, ICLR 2021)."""

import torch
from torch import Tensor, nn

from mtl_core.spec.weighting import ImtlLWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.losses.scalarization import LossScalarization, Scalarizer


class ImtlLScalarizer(Scalarizer):
    """The sum of exp(s)·L - s with a learned log-factor s per task, optimal at s = -log L: all losses scaled to 1.

    A task missing from the batch adds nothing, so that its s does not change. For a loss of 0 or below, s only grows.

    Args:
        ones: [K] ones on the losses' device.
        initial: Initial value of s.
    """

    def __init__(self, ones: Tensor, initial: float) -> None:
        self.log_factors = nn.Parameter(torch.full_like(ones, initial))

    def scalarize(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """Compute the sum, which may be negative."""
        terms = torch.exp(self.log_factors) * losses - self.log_factors
        return terms.sum() if present is None else terms.where(present, 0.0).sum()

    def derivatives(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """[K] exp(s), in closed form."""
        weights = torch.exp(self.log_factors.detach())
        gradient = weights * losses.detach() - 1
        if present is not None:
            weights, gradient = weights.where(present, 0.0), gradient.where(present, 0.0)
        self.log_factors.grad = gradient
        return weights

    def parameters(self) -> dict[str, nn.Parameter]:
        """The log-factors, [K]."""
        return {"log_factors": self.log_factors}


def build(spec: ImtlLWeighting, context: WeightingContext) -> LossScalarization:
    """Build IMTL-L with the spec's initial log-factor."""
    scalarizer = ImtlLScalarizer(context.ones, spec.initial)
    return LossScalarization(scalarizer, initial=torch.exp(scalarizer.log_factors.detach()))
