"""STCH (Lin, Zhang, Yang, Liu, Wang & Zhang: Smooth Tchebycheff Scalarization, ICML 2024)."""

import torch
from torch import Tensor

from mtl_core.spec.weighting import StchWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.losses.scalarization import LossScalarization, Scalarizer
from mtl_core.weighting.methods.random import masked_softmax

EPS = 1e-20


class SmoothTchebycheffScalarizer(Scalarizer):
    """K·mu·log of the sum of exp((y - max y)/mu), with y = p·log(L/nadir + 1e-20), in the form for multi-task learning.

    In the warm-up epochs and the one after them it is the sum of p·log L; at the end of that epoch the nadir is set
    to its mean losses. The maximum is a constant that is subtracted and not added back, as in the authors' code: the
    value is not that of a maximum, the derivative is. A loss of 0 or below has weight 0. A nadir that is not a finite
    number above 0 counts as 1. Tasks missing from a batch are left out of sum, maximum and K.

    Args:
        preference: [K] p, the factor of each task's logarithm.
        mu: The smoothing parameter.
        warmup: Number of epochs before the one whose mean losses become the nadir.
    """

    def __init__(self, preference: Tensor, mu: float, warmup: int) -> None:
        self._preference = preference
        self._mu = mu
        self._warmup = warmup
        self._nadir = torch.ones_like(preference)
        self._epoch = torch.zeros((), dtype=torch.int64)

    @property
    def _is_warmup(self) -> bool:
        return int(self._epoch) <= self._warmup

    def _logarithms(self, losses: Tensor) -> Tensor:
        return self._preference * torch.log((losses / self._nadir).clamp(min=0) + EPS)

    def scalarize(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """Compute the sum of the logarithms in the warm-up, then their smooth maximum minus the largest."""
        mask = torch.ones_like(losses, dtype=torch.bool) if present is None else present
        logarithms = self._logarithms(losses)
        if self._is_warmup:
            return logarithms.where(mask, 0.0).sum()
        scaled = (logarithms.where(mask, -torch.inf) - logarithms.detach().where(mask, -torch.inf).amax()) / self._mu
        return self._mu * torch.log(torch.exp(scaled).sum()) * mask.sum()

    def derivatives(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """[K] p/L in the warm-up, then K·softmax(y/mu)·p/L, in closed form."""
        losses = losses.detach()
        weights = self._preference / (losses + EPS * self._nadir)
        if not self._is_warmup:
            count = len(losses) if present is None else present.sum()
            weights = count * masked_softmax(self._logarithms(losses) / self._mu, present) * weights
        positive = ~(losses <= 0)
        return weights.where(positive if present is None else positive & present, 0.0)

    def epoch_end(self, mean_losses: Tensor) -> None:
        """Count the epoch; set the nadir after the first epoch that follows the warm-up."""
        if int(self._epoch) == self._warmup:
            means = mean_losses.detach().to(self._nadir)
            self._nadir.copy_(means.where((means > 0) & means.isfinite(), 1.0))
        self._epoch += 1

    def buffers(self) -> dict[str, Tensor]:
        """The nadir, [K], and the number of finished epochs."""
        return {"nadir": self._nadir, "epoch": self._epoch}


def build(spec: StchWeighting, context: WeightingContext) -> LossScalarization:
    """Build STCH with the spec's smoothing, warm-up and preference."""
    preference = context.per_task(spec.preference, "preference")
    return LossScalarization(SmoothTchebycheffScalarizer(preference, spec.mu, spec.warmup_epochs), initial=context.ones)
