"""SDMGrad (Xiao, Ban & Ji: Direction-oriented Multi-objective Learning, NeurIPS 2023)."""

from collections.abc import Sequence

import numpy as np

from mtl_core.spec.weighting import SdmGradWeighting
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import Array, GradientAggregation
from mtl_core.weighting.gradients.double_sampling import DoubleSamplingAggregator, normalize_preference
from mtl_core.weighting.solvers.simplex import project_onto_simplex


class SdmGradAggregator(DoubleSamplingAggregator):
    """SDMGrad: weights the gradients by (w + pull·p)/(1 + pull), with the preference p and w from projected SGD.

    Each SGD step goes along J1·J2'·(w + pull·p), with momentum that restarts in every step of the model; the inner
    products are first divided by the squared mean of the roots of their diagonal, so that the gradients' length does
    not matter.
    """

    def __init__(self, preference: Array, spec: SdmGradWeighting) -> None:
        super().__init__(len(preference))
        self._preference = preference
        self._spec = spec

    def update_weights(self, weights: Array, products: Array, rows: Sequence[int] | None) -> Array:
        """[K] the weights after all SGD iterations."""
        spec, target = self._spec, normalize_preference(self._preference, rows)
        scale = np.sqrt(np.maximum(products.diagonal(), 0)).mean() ** 2 or np.abs(products).max()
        system = products / scale if scale > 0 else products
        velocity = np.zeros(len(weights))
        for _ in range(spec.iterations):
            velocity = spec.momentum * velocity + system @ (weights + spec.pull * target)
            weights = project_onto_simplex(weights - spec.lr * velocity)
        return weights

    def factors(self, weights: Array, rows: Sequence[int] | None) -> Array:
        """[K] the mixture of weights and preference."""
        pull = self._spec.pull
        return np.asarray((weights + pull * normalize_preference(self._preference, rows)) / (1 + pull))


def build(spec: SdmGradWeighting, context: WeightingContext) -> GradientAggregation:
    """Build SDMGrad with the spec's solver settings and preference."""
    preference = context.per_task(spec.preference, "preference").double().cpu().numpy()
    return GradientAggregation(SdmGradAggregator(preference, spec), context.ones / len(context.names))
