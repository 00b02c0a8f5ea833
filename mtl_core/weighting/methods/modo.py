"""MoDo (Chen, Fernando, Ying & Chen: Three-Way Trade-Off in Multi-Objective Learning, NeurIPS 2023)."""

from collections.abc import Sequence

from mtl_core.spec.weighting import MoDoWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated, Array
from mtl_core.weighting.gradients.double_sampling import DoubleSampling
from mtl_core.weighting.setup import Setup
from mtl_core.weighting.solvers.simplex import onto_simplex


class DynamicWeights(DoubleSampling):
    """Weights that take one projected step along J1·J2'·w + rho·w per step of the model.

    Args:
        tasks: K.
        gamma: The step size.
        rho: The regularisation.
    """

    def __init__(self, tasks: int, gamma: float, rho: float) -> None:
        super().__init__(tasks)
        self._gamma = gamma
        self._rho = rho

    def moved(self, shares: Array, products: Array, rows: Sequence[int] | None) -> Array:
        """[K] the weights after the step."""
        return onto_simplex(shares - self._gamma * (products @ shares + self._rho * shares))


def build(spec: MoDoWeighting, setup: Setup) -> Aggregated:
    """With the spec's step size and regularisation."""
    return Aggregated(DynamicWeights(len(setup.names), spec.gamma, spec.rho), setup.ones / len(setup.names))
