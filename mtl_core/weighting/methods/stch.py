"""STCH (Lin, Zhang, Yang, Liu, Wang & Zhang: Smooth Tchebycheff Scalarization, ICML 2024)."""

import torch
from torch import Tensor

from mtl_core.spec.weighting import StchWeighting
from mtl_core.weighting.losses.scalarization import Scalarized, Scalarizer
from mtl_core.weighting.methods.random import shares
from mtl_core.weighting.setup import Setup

EPS = 1e-20


class SmoothTchebycheff(Scalarizer):
    """K·mu·log of the sum of exp((y - max y)/mu), with y = p·log(L/nadir + 1e-20), in the form for multi-task learning.

    In the warm-up epochs and the one after them it is the sum of p·log L; at the end of that epoch the nadir is set
    to its mean losses. The maximum is a constant that is taken off and not added back, as in the authors' code: the
    value is not that of a maximum, the derivative is. A loss of 0 or below weighs 0. A nadir that is not a number
    above 0 counts as 1. Tasks missing from a batch are left out of sum, maximum and K.

    Args:
        preference: [K] p, by which each task's logarithm counts.
        mu: The smoothing.
        warmup: Epochs before the one that the nadir is taken from.
    """

    def __init__(self, preference: Tensor, mu: float, warmup: int) -> None:
        self._preference = preference
        self._mu = mu
        self._warmup = warmup
        self._nadir = torch.ones_like(preference)
        self._epoch = torch.zeros((), dtype=torch.int64)

    @property
    def _warm(self) -> bool:
        return int(self._epoch) <= self._warmup

    def _logarithms(self, losses: Tensor) -> Tensor:
        return self._preference * torch.log((losses / self._nadir).clamp(min=0) + EPS)

    def total(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """The sum of the logarithms, later their smooth maximum above the largest."""
        here = torch.ones_like(losses, dtype=torch.bool) if present is None else present
        values = self._logarithms(losses)
        if self._warm:
            return values.where(here, 0.0).sum()
        scaled = (values.where(here, -torch.inf) - values.detach().where(here, -torch.inf).amax()) / self._mu
        return self._mu * torch.log(torch.exp(scaled).sum()) * here.sum()

    def slopes(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """[K] p/L, later K·softmax(y/mu)·p/L, in closed form."""
        losses = losses.detach()
        weights = self._preference / (losses + EPS * self._nadir)
        if not self._warm:
            count = len(losses) if present is None else present.sum()
            weights = count * shares(self._logarithms(losses) / self._mu, present) * weights
        counted = ~(losses <= 0)
        return weights.where(counted if present is None else counted & present, 0.0)

    def epoch_end(self, mean_losses: Tensor) -> None:
        """Counts the epoch; the nadir is that of the first one after the warm-up."""
        if int(self._epoch) == self._warmup:
            means = mean_losses.detach().to(self._nadir)
            self._nadir.copy_(means.where((means > 0) & means.isfinite(), 1.0))
        self._epoch += 1

    def memory(self) -> dict[str, Tensor]:
        """The nadir, [K], and the number of epochs done."""
        return {"nadir": self._nadir, "epoch": self._epoch}


def build(spec: StchWeighting, setup: Setup) -> Scalarized:
    """With the spec's smoothing, warm-up and preference."""
    preference = setup.per_task(spec.preference, "preference")
    return Scalarized(SmoothTchebycheff(preference, spec.mu, spec.warmup_epochs), initial=setup.ones)
