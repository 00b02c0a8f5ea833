"""Random loss weighting (Lin, Ye, Zhang & Tsang: Reasonable Effectiveness of Random Weighting, TMLR 2022)."""

import torch
from torch import Tensor

from mtl_core.spec.weighting import RandomWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.losses.scalarization import LossScalarization, Scalarizer


class RandomScalarizer(Scalarizer):
    """The sum of w·L with w = softmax(z), z drawn from N(0, 1) in every step; w adds up to 1, not to K.

    A number is drawn for every task from torch's global generator; a task missing from the batch has weight 0.
    """

    def scalarize(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """Compute the sum with newly drawn weights."""
        return (self.derivatives(losses, present) * losses).sum()

    def derivatives(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """[K] newly drawn weights."""
        logits = torch.randn(len(losses), dtype=losses.dtype, device=losses.device)
        return masked_softmax(logits, present)


def masked_softmax(logits: Tensor, present: Tensor | None) -> Tensor:
    """[K] the softmax over the present tasks; 0 for the others."""
    if present is None:
        return torch.softmax(logits, dim=0)
    return torch.softmax(logits.masked_fill(~present, -torch.inf), dim=0).where(present, 0.0)


def build(_spec: RandomWeighting, context: WeightingContext) -> LossScalarization:
    """Build random weighting; equal weights are reported before the first step."""
    return LossScalarization(RandomScalarizer(), initial=context.ones / len(context.names))
