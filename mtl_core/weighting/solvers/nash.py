"""Positive weights in balance with what they bring each row."""

import numpy as np

from mtl_core.weighting.solvers.min_norm import min_norm_weights
from mtl_core.weighting.solvers.row_scaling import Array, split_lengths

_STATIONARY = 1e-13
"""A convex combination of unit rows is taken for zero when its squared length is below."""
_INDEPENDENT = 1e-12
"""Every convex combination of K rows is longer than zero when the lowest eigenvalue is above K times this."""
_PRECISION = 1e-13
_STEPS = 200


def balanced_weights(gramian: Array, power: float) -> Array:
    """The weights w > 0 with Gw = w^-power; zeros where there are none.

    They are the minimum of the strictly convex w'Gw/2 - sum of phi(w), phi' = w^-power, found by a damped Newton
    method on rows of length one. There is none exactly where a convex combination of the rows is zero, at a Pareto
    stationary point: no step is good for every task, and zeros make none. A zero row is such a case, and so is here
    a Gramian that is not finite.

    Args:
        gramian: [K, K] inner products.
        power: Above 0; 1 is the bargaining solution of Nash.

    Returns:
        [K] the weights.
    """
    if not np.isfinite(gramian).all() or not gramian.diagonal().all():
        return np.zeros(len(gramian))
    lengths, cosines = split_lengths(gramian)
    if _stationary(cosines):
        return np.zeros(len(lengths))
    # With v = w·length: Cv = pull·v^-power.
    pull = lengths ** (power - 1)
    return np.asarray(_newton(cosines, pull, power) / lengths)


def _stationary(cosines: Array) -> bool:
    if cosines.min() >= 0 or np.linalg.eigvalsh(cosines)[0] > _INDEPENDENT * len(cosines):
        return False
    weights = min_norm_weights(cosines)
    return bool(weights @ cosines @ weights <= _STATIONARY)


def _newton(cosines: Array, pull: Array, power: float) -> Array:
    alone = pull ** (1 / (1 + power))
    work = (pull * alone ** (1 - power)).sum()
    point = alone * (work / (alone @ cosines @ alone)) ** (1 / (1 + power))
    wanted, gradient = _slopes(cosines, pull, power, point)
    for _ in range(_STEPS):
        if np.abs(gradient).max() <= _PRECISION * wanted.min():
            break
        hessian = cosines.copy()
        hessian.flat[:: len(point) + 1] += power * wanted / point
        step = -np.linalg.solve(hessian, gradient)
        slope = float(gradient @ step)
        if slope >= 0:
            break
        fall = float((step / point).min())
        size = min(1.0, -0.99 / fall) if fall < 0 else 1.0
        moved = point + size * step
        wanted, gradient = _slopes(cosines, pull, power, moved)
        while size > 1e-10 and float(gradient @ step) > -0.5 * slope:
            size *= 0.5
            moved = point + size * step
            wanted, gradient = _slopes(cosines, pull, power, moved)
        if np.array_equal(moved, point):
            break
        point = moved
    return np.asarray(point)


def _slopes(cosines: Array, pull: Array, power: float, point: Array) -> tuple[Array, Array]:
    """What each row wants, and the gradient there."""
    wanted = pull / point if power == 1 else pull * point**-power
    return wanted, cosines @ point - wanted
