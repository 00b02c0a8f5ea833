"""Maps onto the probability simplex: weights of at least 0 that add up to 1."""

import numpy as np

from mtl_core.weighting.solvers.row_scaling import Array


def project_onto_simplex(values: Array) -> Array:
    """[K] the projection onto the simplex (Held, Wolfe & Crowder: Validation of subgradient optimization, 1974)."""
    descending = np.sort(values)[::-1]
    excess = (np.cumsum(descending) - 1) / np.arange(1, len(values) + 1)
    support = np.flatnonzero(descending > excess)[-1]
    return np.asarray(np.maximum(values - excess[support], 0))


def softmax(values: Array) -> Array:
    """[K] exp(values), normalized to add up to 1."""
    exponentials = np.exp(values - values.max())
    return np.asarray(exponentials / exponentials.sum())
