"""Projection onto the cone of directions that work against no row."""

import numpy as np
import torch
from numpy.typing import NDArray

from mtl_core.weighting.solvers.active_set import improved
from mtl_core.weighting.solvers.row_scaling import Array, pseudo_solve

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
        added[row] = lawson_hanson(cosines, products[row], float(tolerance[row, 0]))
    return np.asarray(starts + added)


def _pivoted(cosines: Array, products: Array, tolerance: Array) -> tuple[Array, NDArray[np.bool_]]:
    """[M, K] what to add to each start, and [M] whether that is the solution."""
    active = products < -tolerance
    added = np.zeros_like(products)
    solved: NDArray[np.bool_] = np.logical_not(active.any(axis=1))
    for _ in range(_ROUNDS):
        rest = np.flatnonzero(~solved)
        if not len(rest):
            break
        part, wanted = active[rest], np.where(active[rest], -products[rest], 0.0)
        target = _solutions(cosines, part, wanted)
        if target is None:
            break
        slopes = products[rest] + target @ cosines
        margin = tolerance[rest] + _ROUNDING * np.abs(target).sum(axis=1, keepdims=True)
        wrong = np.where(part, target < 0, slopes < -margin)
        # Where rows are almost dependent a system's solution may be none.
        exact = (np.abs(np.where(part, slopes, 0.0)) <= 10 * margin).all(axis=1)
        added[rest] = target
        solved[rest] = np.logical_not(wrong.any(axis=1)) & exact
        active[rest] = part ^ wrong
    return added, solved


def _solutions(cosines: Array, active: NDArray[np.bool_], wanted: Array) -> Array | None:
    """[M, K] for each problem the x, zero where it is not active, with Cx = wanted where it is; None if there is none.

    By torch: the threads of NumPy's OpenBLAS wait for each other in a busy loop.
    """
    systems = np.where(active[:, :, None] & active[:, None, :], cosines, np.eye(len(cosines)))
    result, faults = torch.linalg.solve_ex(torch.from_numpy(systems), torch.from_numpy(wanted))
    return None if faults.any() else result.numpy()


class _Lowest:
    """Lawson and Hanson's problem: what to add, z >= 0 with the lowest z'(p + Cz/2); p are the start's products."""

    def __init__(self, cosines: Array, products: Array, tolerance: float) -> None:
        self._cosines, self._products, self._tolerance = cosines, products, tolerance

    def judged(self, point: Array) -> tuple[float, int | None]:
        """The value, and the row that works most against the direction."""
        added = self._cosines @ point
        slopes = self._products + added
        slopes[point > 0] = np.inf
        entering = int(np.argmin(slopes))
        least = -self._tolerance - _ROUNDING * point.sum()
        return float(point @ (self._products + 0.5 * added)), None if slopes[entering] >= least else entering

    def lowest(self, active: list[int]) -> tuple[Array, bool]:
        """Where none of the rows is worked against, whatever that adds of them; rows may depend on each other."""
        precision = len(active) * float(np.finfo(float).eps)
        return pseudo_solve(self._cosines[active][:, active], -self._products[active], precision), False


def lawson_hanson(cosines: Array, products: Array, tolerance: float) -> Array:
    """[K] what to add: one row joins at a time, and leaves again when its weight would turn negative."""
    return improved(_Lowest(cosines, products, tolerance), np.zeros(len(products)))
