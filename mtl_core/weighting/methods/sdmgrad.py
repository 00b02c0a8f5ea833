"""SDMGrad (Xiao, Ban & Ji: Direction-oriented Multi-objective Learning, NeurIPS 2023)."""

from collections.abc import Sequence

import numpy as np

from mtl_core.spec.weighting import SdmGradWeighting
from mtl_core.weighting.gradients.aggregation import Aggregated, Array
from mtl_core.weighting.gradients.double_sampling import DoubleSampling, normalised
from mtl_core.weighting.setup import Setup
from mtl_core.weighting.solvers.simplex import onto_simplex


class DirectionOriented(DoubleSampling):
    """The gradients times (w + pull·p)/(1 + pull), p the preference, with w from steps of projected SGD.

    Each step goes along J1·J2'·(w + pull·p), with momentum that starts anew every time; the products are divided by
    the squared mean of the roots of their diagonal first, so that the gradients' length does not matter.
    """

    def __init__(self, preference: Array, spec: SdmGradWeighting) -> None:
        super().__init__(len(preference))
        self._preference = preference
        self._spec = spec

    def moved(self, shares: Array, products: Array, rows: Sequence[int] | None) -> Array:
        """[K] the weights after all iterations."""
        spec, target = self._spec, normalised(self._preference, rows)
        scale = np.sqrt(np.maximum(products.diagonal(), 0)).mean() ** 2 or np.abs(products).max()
        system = products / scale if scale > 0 else products
        velocity = np.zeros(len(shares))
        for _ in range(spec.iterations):
            velocity = spec.momentum * velocity + system @ (shares + spec.pull * target)
            shares = onto_simplex(shares - spec.lr * velocity)
        return shares

    def used(self, shares: Array, rows: Sequence[int] | None) -> Array:
        """[K] the weights, drawn to the preference."""
        pull = self._spec.pull
        return np.asarray((shares + pull * normalised(self._preference, rows)) / (1 + pull))


def build(spec: SdmGradWeighting, setup: Setup) -> Aggregated:
    """With the spec's solver and preference."""
    preference = setup.per_task(spec.preference, "preference").double().cpu().numpy()
    return Aggregated(DirectionOriented(preference, spec), setup.ones / len(setup.names))
