"""Weights that are at least 0 and add up to 1."""

import numpy as np

from mtl_core.weighting.solvers.row_scaling import Array


def onto_simplex(values: Array) -> Array:
    """[K] the nearest point of the simplex (Held, Wolfe & Crowder: Validation of subgradient optimization, 1974)."""
    falling = np.sort(values)[::-1]
    excess = (np.cumsum(falling) - 1) / np.arange(1, len(values) + 1)
    last = np.flatnonzero(falling > excess)[-1]
    return np.asarray(np.maximum(values - excess[last], 0))


def softmax(values: Array) -> Array:
    """[K] exp(values), scaled to add up to 1."""
    raised = np.exp(values - values.max())
    return np.asarray(raised / raised.sum())
