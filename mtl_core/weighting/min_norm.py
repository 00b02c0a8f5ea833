"""The shortest vector of a convex hull, exactly."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_ROUNDING = 1e-14
"""Relative size of an inner product's rounding error, with room for a few dozen terms."""


def min_norm_weights(gramian: Array) -> Array:
    """The weights w >= 0, adding up to 1, with the smallest w'Gw.

    An active-set method (Wolfe: Finding the nearest point in a polytope, 1976) on the Gramian alone. It ends
    after finitely many steps at the exact point, not near it as a Frank-Wolfe method does, and does not care
    how different the rows' lengths are: it works with rows of length one. Zero rows share the weight among
    themselves; where several weights are right, one of them is returned. Equal weights for a Gramian that is
    not finite.

    Args:
        gramian: [K, K] inner products of K rows.

    Returns:
        [K] the weights.
    """
    if len(gramian) == 2:
        return _of_two(gramian)
    lengths: Array = np.sqrt(np.diagonal(gramian))
    if not np.isfinite(gramian).all() or not lengths.any():
        return np.full(len(lengths), 1 / len(lengths))
    if not lengths.all():
        zero = lengths == 0
        return np.asarray(zero / zero.sum())
    return _wolfe(gramian / lengths / lengths[:, None], lengths / lengths.min())


def _of_two(gramian: Array) -> Array:
    (first, product), (_, second) = gramian.tolist()
    gap = first + second - 2 * product
    share = min(max((second - product) / gap, 0.0), 1.0) if 0 < gap < math.inf else 0.5
    return np.array([share, 1 - share])


def _wolfe(cosines: Array, lengths: Array) -> Array:
    """The same for rows given by their cosines and their lengths, the shortest being 1.

    With v_i = w_i·length_i the length of the combination is v'Cv, C the cosines, and the weights' sum is v'a, a
    = 1/length.
    """
    shares = 1 / lengths
    # C + aa' has the same minimiser under v'a = 1, and is positive definite on any rows that are affinely independent.
    system = cosines + np.outer(shares, shares)
    point, active = _begin(cosines, system, shares, lengths)
    for _ in range(20 * len(lengths)):
        products = cosines @ point
        height = float(point @ products)
        slack = products - height * shares
        entering = int(np.argmin(slack))
        if slack[entering] >= -_ROUNDING * np.abs(point).sum() or entering in active:
            break
        moved = _descend(system, shares, point, [*active, entering])
        if moved is None or moved @ cosines @ moved >= height:
            break
        point = moved
        active = np.flatnonzero(point).tolist()
    weights = point * shares
    return np.asarray(weights / weights.sum())


def _begin(cosines: Array, system: Array, shares: Array, lengths: Array) -> tuple[Array, list[int]]:
    """What is left of all rows where that is a minimum, since often most rows count; else the shortest row."""
    found = _descend(system, shares, lengths / len(lengths), list(range(len(lengths))))
    if found is not None:
        products = cosines @ found
        uneven = (products - float(found @ products) * shares)[found > 0]
        if np.abs(uneven).max() <= _ROUNDING * np.abs(found).sum():
            return found, np.flatnonzero(found).tolist()
    point = np.zeros(len(lengths))
    first = int(np.argmin(lengths))
    point[first] = lengths[first]
    return point, [first]


def _descend(system: Array, shares: Array, point: Array, active: list[int]) -> Array | None:
    """To the nearest point of the active rows' affine hull, dropping rows whose weight would turn negative."""
    current = point[active]
    while True:
        try:
            target = np.linalg.solve(system[active][:, active], shares[active])
        except np.linalg.LinAlgError:
            return None
        target /= target @ shares[active]
        if not np.isfinite(target).all():
            return None
        if (target > 0).all():
            result = np.zeros(len(point))
            result[active] = target
            return result
        falling = np.flatnonzero(target <= 0)
        distance = current[falling] - target[falling]
        steps = np.divide(current[falling], distance, out=np.zeros(len(falling)), where=distance > 0)
        step = float(steps.min())
        current = current + step * (target - current)
        dropped = falling[int(np.argmin(steps))]
        kept = [place for place in range(len(active)) if place != dropped]
        active, current = [active[place] for place in kept], current[kept]
        if not active:
            return None
