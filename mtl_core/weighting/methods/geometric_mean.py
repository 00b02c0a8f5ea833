"""Geometric loss strategy (Chennupati, Sistu, Yogamani & Rawashdeh: MultiNet++, CVPR Workshops 2019)."""

import torch
from torch import Tensor

from mtl_core.spec.weighting import GeometricMeanWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.losses.scalarization import LossScalarization, Scalarizer


class GeometricMeanScalarizer(Scalarizer):
    """The K-th root of the product of the losses; a task's weight is the root over K times its loss.

    The mean is taken over the losses of the batch's tasks that are above 0; a loss of 0 or below, for which it is
    not defined, has weight 0 in that step.
    """

    def scalarize(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """Compute the geometric mean."""
        mask = _positive_mask(losses, present)
        return torch.exp(losses.where(mask, 1.0).log().sum() / mask.sum().clamp(min=1))

    def derivatives(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """[K] mean / (K·L), in closed form."""
        mask, values = _positive_mask(losses, present), losses.detach()
        weights = self.scalarize(values, present) / (mask.sum() * values)
        return weights.where(mask, 0.0)


def _positive_mask(losses: Tensor, present: Tensor | None) -> Tensor:
    """[K] whether a task's loss counts; NaN does, so that it propagates to the training loop's check."""
    mask = ~(losses.detach() <= 0)
    return mask if present is None else mask & present


def build(_spec: GeometricMeanWeighting, context: WeightingContext) -> LossScalarization:
    """Build the geometric mean; equal weights are reported before the first step."""
    return LossScalarization(GeometricMeanScalarizer(), initial=context.ones / len(context.names))
