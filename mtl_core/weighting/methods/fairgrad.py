"""FairGrad (Ban & Ji: Fair Resource Allocation in Multi-Task Learning, ICML 2024)."""

from torch import Tensor

from mtl_core.spec.weighting import FairGradWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import Array, GradientAggregation, RuleAggregator
from mtl_core.weighting.solvers.nash import bargaining_weights


class AlphaFairRule:
    """Computes weights w > 0 with Gw = w^(-1/alpha) exactly: alpha 1 is Nash-MTL, towards 0 the sum, large max-min.

    At a Pareto stationary point, including a zero gradient, no such weights exist and the direction is zero.

    Args:
        alpha: Above 0.
    """

    def __init__(self, alpha: float) -> None:
        self._power = 1 / alpha

    def __call__(self, gramian: Array, _losses: Tensor) -> tuple[Array, Array]:
        """Compute the alpha-fair weights, [K], equal to the factors.

        Args:
            gramian: [K, K] inner products.
        """
        weights = bargaining_weights(gramian, self._power)
        return weights, weights


def build(spec: FairGradWeighting, context: WeightingContext) -> GradientAggregation:
    """Build FairGrad with the spec's alpha."""
    return GradientAggregation(RuleAggregator(AlphaFairRule(spec.alpha)), context.ones)
