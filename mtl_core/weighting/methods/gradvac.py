"""GradVac (Wang, Tsvetkov, Firat & Cao: Gradient Vaccine, ICLR 2021)."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mtl_core.spec.weighting import GradVacWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated, Array, GramianMethod
from mtl_core.weighting.setup import Setup

_PARALLEL = 1e-12
"""A usual agreement whose squared sine is below cannot be aimed at."""


class Vaccine(GramianMethod):
    """A copy of each task's gradient visits the others' (original) ones in random order; the copies are summed.

    Where the cosine c of a copy and another gradient is below the pair's usual one, r, the other is added to the
    copy until the cosine is r; then r moves to (1 - beta)·r + beta·c, for every pair. r starts at 0, so that the
    first step is PCGrad's. The order is drawn from torch's global generator, for each task a permutation of the
    others. A pair with a zero gradient is passed over; gradients that are not finite are summed as they are.

    Where gradients that were almost parallel for long part, a copy of any length would be needed to bring them back to
    that (its length is divided by the sine of the usual angle). No copy is longer than all gradients together.

    Args:
        tasks: K.
        beta: How fast the usual cosines follow.
    """

    def __init__(self, tasks: int, beta: float) -> None:
        self._beta = beta
        self._usual = torch.zeros(tasks, tasks, dtype=torch.float64)

    def factors(self, gramian: Array, losses: Tensor, rows: Sequence[int] | None) -> tuple[Array, Array]:
        """The weights of the sum of the copies."""
        part = list(range(len(self._usual)) if rows is None else rows)
        total = np.ones(len(part))
        if np.isfinite(gramian).all():
            lengths = np.sqrt(gramian.diagonal()).tolist()
            place = np.ix_(part, part)
            usual: list[list[float]] = self._usual.numpy()[place].tolist()
            total = np.sum([self._visit(task, gramian, lengths, usual[task]) for task in range(len(part))], axis=0)
            self._usual.numpy()[place] = usual
        return total, total

    def _visit(self, task: int, gramian: Array, lengths: list[float], usual: list[float]) -> Array:
        """[K] the copy's weights; moves the task's usual cosines, [K]."""
        weights = np.zeros(len(lengths))
        weights[task] = 1
        products, own, longest = gramian[task], lengths[task], sum(lengths)
        others = [other for other in range(len(lengths)) if other != task]
        for place in torch.randperm(len(others)).tolist():
            other = others[place]
            if own == 0 or lengths[other] == 0:
                continue
            product = products.item(other)
            cosine = min(max(product / (own * lengths[other]), -1.0), 1.0)
            aim = usual[other]
            usual[other] = (1 - self._beta) * aim + self._beta * cosine
            if cosine < aim and 1 - aim * aim > _PARALLEL:
                bend = aim * math.sqrt(1 - cosine * cosine) / math.sqrt(1 - aim * aim) - cosine
                share = own * bend / lengths[other]
                weights[other] += share
                products = products + share * gramian[other]
                own = math.sqrt(max(own * own + share * (2 * product + share * lengths[other] ** 2), 0.0))
                if own > longest:
                    weights, products, own = weights * (longest / own), products * (longest / own), longest
        return weights

    def memory(self) -> dict[str, Tensor]:
        """The usual cosines, [K, K]."""
        return {"cosines": self._usual}


def build(spec: GradVacWeighting, setup: Setup) -> Aggregated:
    """The sum, not the mean, of the copies."""
    return Aggregated(Vaccine(len(setup.names), spec.beta), setup.ones)
