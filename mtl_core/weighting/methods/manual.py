"""Manual weighting: a weight per task, set by the user."""

from mtl_core.spec.weighting import ManualWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.losses.fixed_weights import FixedWeights


def build(spec: ManualWeighting, context: WeightingContext) -> FixedWeights:
    """Build a weighting with the spec's weights; 1 for a task that is not named.

    Raises:
        InputError: A weight is for a task that does not exist.
    """
    return FixedWeights(context.per_task(spec.weights, "weights"))
