"""Equal weighting: the plain sum of the losses."""

from mtl_core.spec.weighting import EqualWeighting
from mtl_core.weighting.losses.fixed_weights import FixedWeights
from mtl_core.weighting.setup import Setup


def build(_spec: EqualWeighting, setup: Setup) -> FixedWeights:
    """Builds a weighting with weight 1 for every task."""
    return FixedWeights(setup.ones)
