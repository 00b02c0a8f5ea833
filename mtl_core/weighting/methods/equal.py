"""Equal weighting: the plain sum of the losses."""

from mtl_core.spec.weighting import EqualWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.losses.fixed_weights import FixedWeights


def build(_spec: EqualWeighting, context: WeightingContext) -> FixedWeights:
    """Build a weighting with weight 1 for every task."""
    return FixedWeights(context.ones)
