"""MoCo (Fernando, Shen, Liu et al.: Mitigating Gradient Bias in Multi-objective Learning, ICLR 2023)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mtl_core.spec.weighting import MoCoWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import GradientAggregation
from mtl_core.weighting.gradients.products import gramian
from mtl_core.weighting.gradients.tracking import TrackingAggregator, all_finite, row_norms
from mtl_core.weighting.solvers.simplex import softmax


class MoCoAggregator(TrackingAggregator):
    """MoCo: sums w·y, where y tracks each task's gradient, and w the weights of the shortest combination of the y.

    In step t, y moves by beta/t^beta_sigma towards abs(L)·g/abs(g), and w becomes softmax(w - gamma/t^gamma_sigma
    ·(YY' + rho·I)·w); the scaled gradients and the softmax are those of the authors' code, the paper has g itself
    and a projection. y starts at 0, w at equal weights that add up to 1. A task missing from the batch keeps its y,
    weight and number of steps. A non-finite step is summed and not tracked; while inner products overflow,
    w does not change.
    """

    rows_name = "tracked"

    def __init__(self, ones: Tensor, spec: MoCoWeighting) -> None:
        count = len(ones)
        weights = torch.full((count,), 1 / count, dtype=torch.float64)
        super().__init__(ones, shares=weights, steps=torch.zeros(count, dtype=torch.float64))
        self._spec = spec

    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """The weighted sum of the tracked gradients."""
        spec, tasks = self._spec, list(range(len(self._small["shares"])) if rows is None else rows)
        norms = row_norms(jacobian)
        if not all_finite(norms, losses):
            return jacobian.sum(dim=0), torch.ones_like(losses)
        self._small["steps"][tasks] += 1
        steps = self._small["steps"][tasks]
        scale = (losses.double().abs() / norms).where(norms > 0, 0.0)
        estimates = self.read_rows(jacobian, rows)
        step_size = (spec.beta / steps**spec.beta_sigma).to(jacobian)[:, None]
        estimates = estimates - step_size * (estimates - scale.to(jacobian)[:, None] * jacobian)
        self.write_rows(estimates, rows)
        shares = self._small["shares"].numpy()
        mass = shares[tasks].sum()
        weights = shares[tasks] / mass
        products = gramian(estimates).cpu().numpy()
        if np.isfinite(products).all():
            gradient = products @ weights + spec.rho * weights
            weights = softmax(weights - spec.gamma / steps.numpy() ** spec.gamma_sigma * gradient)
            shares[tasks] = mass * weights
        factors = torch.from_numpy(weights)
        return factors.to(jacobian) @ estimates, factors.to(losses)


def build(spec: MoCoWeighting, context: WeightingContext) -> GradientAggregation:
    """Build MoCo with the spec's step sizes."""
    return GradientAggregation(MoCoAggregator(context.ones, spec), context.ones / len(context.names))
