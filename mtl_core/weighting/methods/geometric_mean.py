"""Geometric loss strategy (Chennupati, Sistu, Yogamani & Rawashdeh: MultiNet++, CVPR Workshops 2019)."""

import torch
from torch import Tensor

from mtl_core.spec.weighting import GeometricMeanWeighting
from mtl_core.weighting.losses.scalarization import Scalarized, Scalarizer
from mtl_core.weighting.setup import Setup


class GeometricMean(Scalarizer):
    """The K-th root of the product of the losses; a task's weight is the root over K times its loss.

    The mean is taken over the losses of the batch's tasks that are above 0; a loss of 0 or below, for which it is
    not defined, weighs 0 in that step.
    """

    def total(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """The geometric mean."""
        part = _part(losses, present)
        return torch.exp(losses.where(part, 1.0).log().sum() / part.sum().clamp(min=1))

    def slopes(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """[K] mean / (K·L)."""
        part, values = _part(losses, present), losses.detach()
        weights = self.total(values, present) / (part.sum() * values)
        return weights.where(part, 0.0)


def _part(losses: Tensor, present: Tensor | None) -> Tensor:
    """[K] bool; what is not a number takes part, so that it is found."""
    part = ~(losses.detach() <= 0)
    return part if present is None else part & present


def build(_spec: GeometricMeanWeighting, setup: Setup) -> Scalarized:
    """Equal shares are shown before the first step."""
    return Scalarized(GeometricMean(), initial=setup.ones / len(setup.names))
