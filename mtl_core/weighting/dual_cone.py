"""Projection onto the cone of directions that work against no row."""

import numpy as np
from numpy.typing import NDArray

from mtl_core.weighting.cosines import Array

_ROUNDING = 1e-14
_ROUNDS = 8


def cone_weights(cosines: Array, starts: Array) -> Array:
    """For each start the weights z >= start with the smallest z'Cz: z'U is the nearest to start'U that hurts no row.

    The exact active set: block principal pivoting (Portugal, Judice & Vicente 1994) on all problems at once, which
    takes a few rounds, and the slower method of Lawson & Hanson (1974), which always ends, where it has not.

    Args:
        cosines: [K, K] inner products of rows of length one, or zero.
        starts: [M, K] weights of the vectors to project, one problem per row.

    Returns:
        [M, K] the weights of the projections.
    """
    products = starts @ cosines
    tolerance = _ROUNDING * np.abs(starts).sum(axis=1, keepdims=True)
    added, solved = _pivoted(cosines, products, tolerance)
    for row in np.flatnonzero(~solved):
        added[row] = _lawson_hanson(cosines, products[row], float(tolerance[row, 0]))
    return np.asarray(starts + added)


def _pivoted(cosines: Array, products: Array, tolerance: Array) -> tuple[Array, NDArray[np.bool_]]:
    """[M, K] what to add to each start, and [M] whether that is the solution."""
    identity = np.eye(len(cosines))
    active = products < -tolerance
    added = np.zeros_like(products)
    solved: NDArray[np.bool_] = np.logical_not(active.any(axis=1))
    for _ in range(_ROUNDS):
        if solved.all():
            break
        both = active[:, :, None] & active[:, None, :]
        systems = np.where(both, cosines, identity)
        try:
            added = np.linalg.solve(systems, np.where(active, -products, 0.0)[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            return np.zeros_like(products), np.logical_not((products < -tolerance).any(axis=1))
        slopes = products + added @ cosines
        margin = tolerance + _ROUNDING * np.abs(added).sum(axis=1, keepdims=True)
        wrong = np.where(active, added < 0, slopes < -margin)
        # Where rows are almost dependent a system's solution may be none.
        exact = (np.abs(np.where(active, slopes, 0.0)) <= 10 * margin).all(axis=1)
        solved = np.logical_not(wrong.any(axis=1)) & exact
        active = active ^ wrong
    return added, solved


def _lawson_hanson(cosines: Array, products: Array, tolerance: float) -> Array:
    """[K] what to add: one row joins at a time, and leaves again when its weight would turn negative."""
    added = np.zeros(len(products))
    active: list[int] = []
    height = 0.0
    for _ in range(10 * len(products)):
        slopes = products + cosines @ added
        slopes[active] = np.inf
        entering = int(np.argmin(slopes))
        if slopes[entering] >= -tolerance - _ROUNDING * added.sum():
            break
        moved = _descend(cosines, products, added, [*active, entering])
        lower = float(moved @ (products + 0.5 * cosines @ moved))
        if lower >= height:
            break
        added, height = moved, lower
        active = np.flatnonzero(added).tolist()
    return added


def _descend(cosines: Array, products: Array, current: Array, active: list[int]) -> Array:
    """To the lowest point of the active rows' weights, as far as these stay above 0."""
    point = current.copy()
    while active:
        target = np.linalg.lstsq(cosines[np.ix_(active, active)], -products[active], rcond=None)[0]
        if (target > 0).all():
            point[:] = 0
            point[active] = target
            return point
        here = point[active]
        falling = np.flatnonzero(target <= 0)
        distance = here[falling] - target[falling]
        steps = np.divide(here[falling], distance, out=np.zeros(len(falling)), where=distance > 0)
        step = float(steps.min())
        point[active] = np.maximum(here + step * (target - here), 0)
        dropped = active[falling[int(np.argmin(steps))]]
        point[dropped] = 0
        active = [row for row in active if row != dropped]
    return point
