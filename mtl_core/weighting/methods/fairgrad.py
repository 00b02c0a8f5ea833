"""FairGrad (Ban & Ji: Fair Resource Allocation in Multi-Task Learning, ICML 2024)."""

from torch import Tensor

from mtl_core.spec.weighting import FairGradWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated, Array, GramianAggregator
from mtl_core.weighting.setup import Setup
from mtl_core.weighting.solvers.nash import balanced_weights


class AlphaFair:
    """Weights w > 0 with Gw = w^(-1/alpha), solved exactly: alpha 1 is Nash, towards 0 the sum, large the worst-off.

    At a Pareto stationary point, so also when a gradient is zero, there are none and the direction is zero.

    Args:
        alpha: Above 0.
    """

    def __init__(self, alpha: float) -> None:
        self._power = 1 / alpha

    def __call__(self, gramian: Array, _losses: Tensor) -> tuple[Array, Array]:
        """The fair weights, [K], to multiply by and to show.

        Args:
            gramian: [K, K] inner products.
        """
        weights = balanced_weights(gramian, self._power)
        return weights, weights


def build(spec: FairGradWeighting, setup: Setup) -> Aggregated:
    """With the spec's alpha."""
    return Aggregated(GramianAggregator(AlphaFair(spec.alpha)), setup.ones)
