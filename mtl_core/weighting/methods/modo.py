"""MoDo (Chen, Fernando, Ying & Chen: Three-Way Trade-Off in Multi-Objective Learning, NeurIPS 2023)."""

from collections.abc import Sequence

from mtl_core.spec.weighting import MoDoWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import Array, GradientAggregation
from mtl_core.weighting.gradients.double_sampling import DoubleSamplingAggregator
from mtl_core.weighting.solvers.simplex import project_onto_simplex


class MoDoAggregator(DoubleSamplingAggregator):
    """MoDo: updates the weights by one projected gradient step along J1·J2'·w + rho·w per step of the model.

    Args:
        tasks: K.
        gamma: The step size.
        rho: The regularization.
    """

    def __init__(self, tasks: int, gamma: float, rho: float) -> None:
        super().__init__(tasks)
        self._gamma = gamma
        self._rho = rho

    def update_weights(self, weights: Array, products: Array, rows: Sequence[int] | None) -> Array:
        """[K] the weights after the step."""
        return project_onto_simplex(weights - self._gamma * (products @ weights + self._rho * weights))


def build(spec: MoDoWeighting, context: WeightingContext) -> GradientAggregation:
    """Build MoDo with the spec's step size and regularization."""
    return GradientAggregation(
        MoDoAggregator(len(context.names), spec.gamma, spec.rho), context.ones / len(context.names)
    )
