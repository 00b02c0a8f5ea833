"""Manual weighting: a weight per task, set by the user."""

from mtl_core.spec.weighting import ManualWeighting
from mtl_core.weighting.losses.fixed_weights import FixedWeights
from mtl_core.weighting.setup import Setup


def build(spec: ManualWeighting, setup: Setup) -> FixedWeights:
    """Builds a weighting with the spec's weights; 1 for a task that is not named.

    Raises:
        InputError: A weight is for a task that does not exist.
    """
    return FixedWeights(setup.per_task(spec.weights, "weights"))
