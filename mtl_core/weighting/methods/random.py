"""Random loss weighting (Lin, Ye, Zhang & Tsang: Reasonable Effectiveness of Random Weighting, TMLR 2022)."""

import torch
from torch import Tensor

from mtl_core.spec.weighting import RandomWeighting
from mtl_core.weighting.losses.scalarization import Scalarized, Scalarizer
from mtl_core.weighting.setup import Setup


class RandomWeights(Scalarizer):
    """The sum of w·L with w = softmax(z), z drawn from N(0, 1) in every step; w adds up to 1, not to K.

    A number is drawn for every task, from torch's global generator; a task missing from the batch takes no share.
    """

    def total(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """The sum with fresh weights."""
        return (self.slopes(losses, present) * losses).sum()

    def slopes(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """[K] fresh weights."""
        drawn = torch.randn(len(losses), dtype=losses.dtype, device=losses.device)
        return shares(drawn, present)


def shares(logits: Tensor, present: Tensor | None) -> Tensor:
    """[K] the softmax among the tasks present; 0 for the others."""
    if present is None:
        return torch.softmax(logits, dim=0)
    return torch.softmax(logits.masked_fill(~present, -torch.inf), dim=0).where(present, 0.0)


def build(_spec: RandomWeighting, setup: Setup) -> Scalarized:
    """Equal shares are shown before the first draw."""
    return Scalarized(RandomWeights(), initial=setup.ones / len(setup.names))
