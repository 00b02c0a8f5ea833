"""GradVac (Wang, Tsvetkov, Firat & Cao: Gradient Vaccine, ICLR 2021)."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mtl_core.spec.weighting import GradVacWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import Array, GradientAggregation, GramianAggregator

_PARALLEL = 1e-12
"""A target cosine whose squared sine is below this cannot be reached."""


class GradVacAggregator(GramianAggregator):
    """GradVac: adjusts a copy of each task's gradient to target cosines with the others, and sums the copies.

    A copy is compared with the other tasks' original gradients in random order. Where the cosine c is below the pair's
    target r, the other gradient is added to the copy until the cosine is r; then r becomes (1 - beta)·r + beta·c, for
    every pair. r starts at 0, so that the first step is PCGrad's. The order comes from torch's global generator, for
    each task a permutation of the others. A pair with a zero gradient is skipped; non-finite gradients are summed.

    If gradients diverge after being almost parallel for long, reaching the target could need a copy of any length (its
    length is divided by the sine of the target angle). No copy gets longer than all gradients together.

    Args:
        tasks: K.
        beta: Update rate of the target cosines.
    """

    def __init__(self, tasks: int, beta: float) -> None:
        self._beta = beta
        self._targets = torch.zeros(tasks, tasks, dtype=torch.float64)

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The weights of the sum of the copies, equal to the factors."""
        tasks = list(range(len(self._targets)) if rows is None else rows)
        weights = np.ones(len(tasks))
        if np.isfinite(gramian).all():
            norms = np.sqrt(gramian.diagonal()).tolist()
            position = np.ix_(tasks, tasks)
            targets: list[list[float]] = self._targets.numpy()[position].tolist()
            weights = np.sum([self._adjust(task, gramian, norms, targets[task]) for task in range(len(tasks))], axis=0)
            self._targets.numpy()[position] = targets
        return weights, weights

    def _adjust(self, task: int, gramian: Array, norms: list[float], targets: list[float]) -> Array:
        """[K] the copy's weights; updates the task's target cosines, [K], in place."""
        weights = np.zeros(len(norms))
        weights[task] = 1
        products, norm, max_norm = gramian[task], norms[task], sum(norms)
        others = [other for other in range(len(norms)) if other != task]
        for position in torch.randperm(len(others)).tolist():
            other = others[position]
            if norm == 0 or norms[other] == 0:
                continue
            product = products.item(other)
            cosine = min(max(product / (norm * norms[other]), -1.0), 1.0)
            target = targets[other]
            targets[other] = (1 - self._beta) * target + self._beta * cosine
            if cosine < target and 1 - target * target > _PARALLEL:
                correction = target * math.sqrt(1 - cosine * cosine) / math.sqrt(1 - target * target) - cosine
                factor = norm * correction / norms[other]
                weights[other] += factor
                products = products + factor * gramian[other]
                norm = math.sqrt(max(norm * norm + factor * (2 * product + factor * norms[other] ** 2), 0.0))
                if norm > max_norm:
                    weights, products, norm = weights * (max_norm / norm), products * (max_norm / norm), max_norm
        return weights

    def buffers(self) -> dict[str, Tensor]:
        """The target cosines, [K, K]."""
        return {"cosines": self._targets}


def build(spec: GradVacWeighting, context: WeightingContext) -> GradientAggregation:
    """Build GradVac with the spec's beta; the copies are summed, not averaged."""
    return GradientAggregation(GradVacAggregator(len(context.names), spec.beta), context.ones)
