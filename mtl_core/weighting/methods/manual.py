"""Manual weighting: a weight per task, set by the user."""

import torch

from mtl_core.spec import InputError
from mtl_core.spec.weighting import ManualWeighting
from mtl_core.weighting.build import Setup
from mtl_core.weighting.fixed import FixedWeights


def build(spec: ManualWeighting, setup: Setup) -> FixedWeights:
    """The weights as given; 1 for a task that is not named.

    Raises:
        InputError: A weight is for a task that does not exist.
    """
    unknown = [name for name in spec.weights if name not in setup.names]
    if unknown:
        raise InputError(
            "weighting.weights",
            f"each name must be a task: {', '.join(setup.names)}",
            found=unknown[0],
            fix="Remove the weight or rename it.",
        )
    weights = [spec.weights.get(name, 1.0) for name in setup.names]
    return FixedWeights(torch.tensor(weights, device=setup.device, dtype=setup.dtype))
