"""FAMO (Liu, Feng, Stone & Liu: Fast Adaptive Multitask Optimization, NeurIPS 2023)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_core.spec.weighting import FamoWeighting
from mtl_core.weighting.losses.scalarization import Scalarized, Scalarizer
from mtl_core.weighting.methods.random import shares
from mtl_core.weighting.setup import Setup

EPS = 1e-8
BETAS = (0.9, 0.999)


class EqualRates(Scalarizer):
    """(1/c)·sum of z·log D, with D = L - lowest + 1e-8, z = softmax(w) and c = sum of z/D, a constant.

    So the weights z/(c·D) add up to 1. After the optimiser's step the losses of the same batch are looked at
    again, and w takes a step of Adam (weight decay as an L2 term) by the softmax's transposed derivative on log
    D(before) - log D(after): who fell less than the others gets more.

    A loss at its lowest or below counts as 1e-8 above it. A task missing from a batch takes no share and keeps its
    w; losses that are not finite leave all w as they are.

    Args:
        lowest: [K] what the losses cannot fall below.
        lr: Learning rate of w.
        gamma: Weight decay of w.
    """

    def __init__(self, lowest: Tensor, lr: float, gamma: float) -> None:
        self._lowest = lowest
        self._lr = lr
        self._gamma = gamma
        self._memory = {name: torch.zeros_like(lowest) for name in ("logits", "first", "second", "steps")}
        self._before: Tensor | None = None
        self._present: Tensor | None = None

    def _above(self, losses: Tensor) -> Tensor:
        return (losses - self._lowest).clamp(min=0) + EPS

    def total(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """The scaled sum of the logarithms."""
        above = self._above(losses)
        share = shares(self._memory["logits"], present)
        return (share * above.log()).sum() / (share / above).sum().detach()

    def slopes(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """[K] z/(c·D)."""
        above = self._above(losses.detach())
        self._before, self._present = above, present
        rates = shares(self._memory["logits"], present) / above
        return rates / rates.sum() if present is None else (rates / rates.sum()).where(present, 0.0)

    def observe(self, losses: Tensor, present: Tensor | None = None) -> None:
        """The step of w, once for each backward pass.

        Args:
            losses: [K] the losses after the step.
            present: [K] bool, or none when every task was in the batch.
        """
        if self._before is None:
            return
        part = torch.ones_like(self._lowest, dtype=torch.bool)
        for mask in (self._present, present):
            part = part if mask is None else part & mask
        fallen = torch.log(self._before / self._above(losses.to(self._before)))
        share = shares(self._memory["logits"], part)
        gradient = share * (fallen - (share * fallen).nansum())
        part = part & (fallen.isfinite() | ~part).all()
        self._adam(gradient + self._gamma * self._memory["logits"], part)
        self._before = None

    def _adam(self, gradient: Tensor, part: Tensor) -> None:
        old, (one, two) = self._memory, BETAS
        steps = old["steps"] + 1
        first = one * old["first"] + (1 - one) * gradient
        second = two * old["second"] + (1 - two) * gradient**2
        spread = torch.sqrt(second / (1 - two**steps)) + EPS
        logits = old["logits"] - self._lr * first / (1 - one**steps) / spread
        new = {"logits": logits, "first": first, "second": second, "steps": steps}
        self._memory = {name: torch.where(part, new[name], old[name]) for name in old}

    def memory(self) -> dict[str, Tensor]:
        """w, and Adam's two moments and numbers of steps, [K] each."""
        return self._memory


class Famo(Scalarized):
    """Trains by the equal-rates scalarizer and shows it the losses after the step."""

    looks_again = True
    scalarizer: EqualRates

    def observe(self, losses: Tensor, present: Sequence[bool] | None = None) -> None:
        """Lets the weights take their step."""
        mask = None if present is None else torch.tensor(list(present), device=losses.device)
        self.scalarizer.observe(losses.detach(), mask)


def build(spec: FamoWeighting, setup: Setup) -> Famo:
    """With the spec's lowest losses, learning rate and decay."""
    lowest = setup.per_task(spec.lowest, "lowest", default=0.0)
    return Famo(EqualRates(lowest, spec.lr, spec.gamma), initial=setup.ones / len(setup.names))
