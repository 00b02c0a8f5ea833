"""MoCo (Fernando, Shen, Liu et al.: Mitigating Gradient Bias in Multi-objective Learning, ICLR 2023)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mtl_core.spec.weighting import MoCoWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated
from mtl_core.weighting.gradients.products import gramian
from mtl_core.weighting.gradients.tracking import TrackingAggregator, lengths_of, usable
from mtl_core.weighting.setup import Setup
from mtl_core.weighting.solvers.simplex import softmax


class TrackedMinNorm(TrackingAggregator):
    """The sum of w·y, where y follows each task's gradient and w, at every step, the shortest combination of the y.

    In step t: y moves by beta/t^beta_sigma towards abs(L)·g/abs(g), and w becomes softmax(w - gamma/t^gamma_sigma
    ·(YY' + rho·I)·w); the scaled gradients and the softmax are those of the authors' code, the paper has g itself
    and a projection. y starts at 0, w at equal weights that add up to 1. The y, the share and the number of steps
    of a task missing from the batch stay. A step that is not finite is summed and forgotten, and
    while products overflow the w stays.
    """

    wide = "tracked"

    def __init__(self, ones: Tensor, spec: MoCoWeighting) -> None:
        count = len(ones)
        weights = torch.full((count,), 1 / count, dtype=torch.float64)
        super().__init__(ones, shares=weights, steps=torch.zeros(count, dtype=torch.float64))
        self._spec = spec

    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The weighted sum of the tracked gradients."""
        spec, part = self._spec, list(range(len(self._small["shares"])) if rows is None else rows)
        lengths = lengths_of(jacobian)
        if not usable(lengths, losses):
            return jacobian.sum(dim=0), torch.ones_like(losses)
        self._small["steps"][part] += 1
        steps = self._small["steps"][part]
        scale = (losses.double().abs() / lengths).where(lengths > 0, 0.0)
        tracked = self.recall(jacobian, rows)
        pace = (spec.beta / steps**spec.beta_sigma).to(jacobian)[:, None]
        tracked = tracked - pace * (tracked - scale.to(jacobian)[:, None] * jacobian)
        self.remember(tracked, rows)
        shares = self._small["shares"].numpy()
        mass = shares[part].sum()
        weights = shares[part] / mass
        products = gramian(tracked).cpu().numpy()
        if np.isfinite(products).all():
            slope = products @ weights + spec.rho * weights
            weights = softmax(weights - spec.gamma / steps.numpy() ** spec.gamma_sigma * slope)
            shares[part] = mass * weights
        shown = torch.from_numpy(weights)
        return shown.to(jacobian) @ tracked, shown.to(losses)


def build(spec: MoCoWeighting, setup: Setup) -> Aggregated:
    """With the spec's step sizes."""
    return Aggregated(TrackedMinNorm(setup.ones, spec), setup.ones / len(setup.names))
