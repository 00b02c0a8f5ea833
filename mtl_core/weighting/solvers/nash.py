"""The bargaining problems of Nash-MTL and FairGrad: positive weights w with Gw = w^-power."""

import numpy as np

from mtl_core.weighting.solvers.min_norm import min_norm_weights
from mtl_core.weighting.solvers.row_scaling import Array, lengths_and_cosines

_STATIONARY = 1e-13
"""A convex combination of unit rows counts as zero if its squared length is below this."""
_INDEPENDENT = 1e-12
"""No convex combination of K rows is zero if the lowest eigenvalue is above K times this."""
_PRECISION = 1e-13
_STEPS = 200


def bargaining_weights(gramian: Array, power: float) -> Array:
    """Compute the weights w > 0 with Gw = w^-power; zeros if there are none.

    They minimize the strictly convex w'Gw/2 - sum of phi(w), phi' = w^-power, found by a damped Newton
    method on rows of length one. There are none exactly if a convex combination of the rows is zero, at a Pareto
    stationary point, where no step improves every task. A zero row is such a case; a non-finite Gramian also gives
    zeros.

    Args:
        gramian: [K, K] inner products.
        power: Above 0; 1 is the bargaining solution of Nash.

    Returns:
        [K] the weights.
    """
    if not np.isfinite(gramian).all() or not gramian.diagonal().all():
        return np.zeros(len(gramian))
    lengths, cosines = lengths_and_cosines(gramian)
    if _is_pareto_stationary(cosines):
        return np.zeros(len(lengths))
    # With v = w·length: Cv = scale·v^-power.
    scale = lengths ** (power - 1)
    return np.asarray(_newton(cosines, scale, power) / lengths)


def _is_pareto_stationary(cosines: Array) -> bool:
    if cosines.min() >= 0 or np.linalg.eigvalsh(cosines)[0] > _INDEPENDENT * len(cosines):
        return False
    weights = min_norm_weights(cosines)
    return bool(weights @ cosines @ weights <= _STATIONARY)


def _newton(cosines: Array, scale: Array, power: float) -> Array:
    independent = scale ** (1 / (1 + power))
    total = (scale * independent ** (1 - power)).sum()
    point = independent * (total / (independent @ cosines @ independent)) ** (1 / (1 + power))
    reciprocals, gradient = _gradient(cosines, scale, power, point)
    for _ in range(_STEPS):
        if np.abs(gradient).max() <= _PRECISION * reciprocals.min():
            break
        hessian = cosines.copy()
        hessian.flat[:: len(point) + 1] += power * reciprocals / point
        step = -np.linalg.solve(hessian, gradient)
        slope = float(gradient @ step)
        if slope >= 0:
            break
        steepest = float((step / point).min())
        size = min(1.0, -0.99 / steepest) if steepest < 0 else 1.0
        candidate = point + size * step
        reciprocals, gradient = _gradient(cosines, scale, power, candidate)
        while size > 1e-10 and float(gradient @ step) > -0.5 * slope:
            size *= 0.5
            candidate = point + size * step
            reciprocals, gradient = _gradient(cosines, scale, power, candidate)
        if np.array_equal(candidate, point):
            break
        point = candidate
    return np.asarray(point)


def _gradient(cosines: Array, scale: Array, power: float, point: Array) -> tuple[Array, Array]:
    """scale·point^-power, and the gradient of the objective at a point, [K] each."""
    reciprocals = scale / point if power == 1 else scale * point**-power
    return reciprocals, cosines @ point - reciprocals
