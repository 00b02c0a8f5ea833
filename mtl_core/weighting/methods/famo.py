"""FAMO (Liu, Feng, Stone & Liu: Fast Adaptive Multitask Optimization, NeurIPS 2023)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_core.spec.weighting import FamoWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.losses.scalarization import LossScalarization, Scalarizer
from mtl_core.weighting.methods.random import masked_softmax

EPS = 1e-8
BETAS = (0.9, 0.999)


class FamoScalarizer(Scalarizer):
    """FAMO's scalar (1/c)·sum of z·log D, with D = L - lowest + 1e-8, z = softmax(w), and c = sum of z/D constant.

    So the weights z/(c·D) add up to 1. After the optimizer step the losses of the same batch are evaluated
    again, and w takes an Adam step (weight decay as an L2 term) along the softmax's transposed derivative applied to
    log D(before) - log D(after): a task whose loss decreased less than the others gets more weight.

    A loss at its lower bound or below counts as 1e-8 above it. A task missing from a batch has weight 0 and keeps its
    w; non-finite losses leave all w unchanged.

    Args:
        lowest: [K] lower bounds of the losses.
        lr: Learning rate of w.
        gamma: Weight decay of w.
    """

    def __init__(self, lowest: Tensor, lr: float, gamma: float) -> None:
        self._lowest = lowest
        self._lr = lr
        self._gamma = gamma
        self._state = {name: torch.zeros_like(lowest) for name in ("logits", "first", "second", "steps")}
        self._shifted_before: Tensor | None = None
        self._present: Tensor | None = None

    def _shift(self, losses: Tensor) -> Tensor:
        return (losses - self._lowest).clamp(min=0) + EPS

    def scalarize(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """Compute the scaled sum of the logarithms."""
        shifted_losses = self._shift(losses)
        probabilities = masked_softmax(self._state["logits"], present)
        return (probabilities * shifted_losses.log()).sum() / (probabilities / shifted_losses).sum().detach()

    def derivatives(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        """[K] z/(c·D), in closed form."""
        shifted_losses = self._shift(losses.detach())
        self._shifted_before, self._present = shifted_losses, present
        rates = masked_softmax(self._state["logits"], present) / shifted_losses
        return rates / rates.sum() if present is None else (rates / rates.sum()).where(present, 0.0)

    def observe(self, losses: Tensor, present: Tensor | None = None) -> None:
        """Update w, once for each backward pass.

        Args:
            losses: [K] the losses after the step.
            present: [K] bool, which tasks were in the batch; None means all of them.
        """
        if self._shifted_before is None:
            return
        mask = torch.ones_like(self._lowest, dtype=torch.bool)
        for in_batch in (self._present, present):
            mask = mask if in_batch is None else mask & in_batch
        log_decrease = torch.log(self._shifted_before / self._shift(losses.to(self._shifted_before)))
        probabilities = masked_softmax(self._state["logits"], mask)
        gradient = probabilities * (log_decrease - (probabilities * log_decrease).nansum())
        mask = mask & (log_decrease.isfinite() | ~mask).all()
        self._adam(gradient + self._gamma * self._state["logits"], mask)
        self._shifted_before = None

    def _adam(self, gradient: Tensor, mask: Tensor) -> None:
        old, (beta1, beta2) = self._state, BETAS
        steps = old["steps"] + 1
        first = beta1 * old["first"] + (1 - beta1) * gradient
        second = beta2 * old["second"] + (1 - beta2) * gradient**2
        denominator = torch.sqrt(second / (1 - beta2**steps)) + EPS
        logits = old["logits"] - self._lr * first / (1 - beta1**steps) / denominator
        new = {"logits": logits, "first": first, "second": second, "steps": steps}
        self._state = {name: torch.where(mask, new[name], old[name]) for name in old}

    def buffers(self) -> dict[str, Tensor]:
        """w, and Adam's two moments and step counts, [K] each."""
        return self._state


class Famo(LossScalarization):
    """FAMO: minimizes the scalarization and updates its weights by the losses after the step."""

    needs_losses_after_step = True
    scalarizer: FamoScalarizer

    def observe(self, losses: Tensor, present: Sequence[bool] | None = None) -> None:
        """Pass the losses after the step to the scalarizer."""
        mask = None if present is None else torch.tensor(list(present), device=losses.device)
        self.scalarizer.observe(losses.detach(), mask)


def build(spec: FamoWeighting, context: WeightingContext) -> Famo:
    """Build FAMO with the spec's lower bounds, learning rate and weight decay."""
    lowest = context.per_task(spec.lowest, "lowest", default=0.0)
    return Famo(FamoScalarizer(lowest, spec.lr, spec.gamma), initial=context.ones / len(context.names))
