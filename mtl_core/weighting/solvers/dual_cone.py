"""Projection onto the dual cone of rows: the directions with a non-negative product with every row."""

import numpy as np
import torch
from numpy.typing import NDArray

from mtl_core.weighting.solvers.active_set import minimize
from mtl_core.weighting.solvers.row_scaling import Array, pseudo_solve

_ROUNDING = 1e-14
_ROUNDS = 8


def cone_weights(cosines: Array, start_weights: Array) -> Array:
    """Compute for each start the weights z >= start with the smallest z'Cz: z'U is start'U projected onto the cone.

    The solution is exact: block principal pivoting (Portugal, Judice & Vicente 1994) on all problems at once, which
    takes a few rounds, and for problems it has not solved by then the slower method of Lawson & Hanson (1974).

    Args:
        cosines: [K, K] inner products of rows of length one, or zero.
        start_weights: [M, K] weights of the vectors to project, one problem per row.

    Returns:
        [M, K] the weights of the projections.
    """
    products = start_weights @ cosines
    tolerance = _ROUNDING * np.abs(start_weights).sum(axis=1, keepdims=True)
    increments, solved = _block_pivoting(cosines, products, tolerance)
    for row in np.flatnonzero(~solved):
        increments[row] = lawson_hanson(cosines, products[row], float(tolerance[row, 0]))
    return np.asarray(start_weights + increments)


def _block_pivoting(cosines: Array, products: Array, tolerance: Array) -> tuple[Array, NDArray[np.bool_]]:
    """[M, K] the increments of the start weights, and [M] whether each is a solution."""
    active = products < -tolerance
    increments = np.zeros_like(products)
    solved: NDArray[np.bool_] = np.logical_not(active.any(axis=1))
    for _ in range(_ROUNDS):
        unsolved = np.flatnonzero(~solved)
        if not len(unsolved):
            break
        active_rows, right_sides = active[unsolved], np.where(active[unsolved], -products[unsolved], 0.0)
        target = _solve_systems(cosines, active_rows, right_sides)
        if target is None:
            break
        gradients = products[unsolved] + target @ cosines
        margin = tolerance[unsolved] + _ROUNDING * np.abs(target).sum(axis=1, keepdims=True)
        infeasible = np.where(active_rows, target < 0, gradients < -margin)
        # If rows are almost dependent, the computed solution of a system may not solve it.
        exact = (np.abs(np.where(active_rows, gradients, 0.0)) <= 10 * margin).all(axis=1)
        increments[unsolved] = target
        solved[unsolved] = np.logical_not(infeasible.any(axis=1)) & exact
        active[unsolved] = active_rows ^ infeasible
    return increments, solved


def _solve_systems(cosines: Array, active: NDArray[np.bool_], right_sides: Array) -> Array | None:
    """[M, K] for each problem the x, zero on inactive rows, with Cx = right side on active ones; None if singular.

    It uses torch, since the threads of NumPy's OpenBLAS wait for each other in a busy loop.
    """
    systems = np.where(active[:, :, None] & active[:, None, :], cosines, np.eye(len(cosines)))
    result, info = torch.linalg.solve_ex(torch.from_numpy(systems), torch.from_numpy(right_sides))
    return None if info.any() else result.numpy()


class _ConeProblem:
    """The problem of Lawson & Hanson: the increments z >= 0 with the lowest z'(p + Cz/2), p the start's products."""

    def __init__(self, cosines: Array, products: Array, tolerance: float) -> None:
        self._cosines, self._products, self._tolerance = cosines, products, tolerance

    def evaluate(self, point: Array) -> tuple[float, int | None]:
        """The value, and the inactive row that conflicts most with the direction."""
        increments = self._cosines @ point
        gradients = self._products + increments
        gradients[point > 0] = np.inf
        entering = int(np.argmin(gradients))
        least = -self._tolerance - _ROUNDING * point.sum()
        return float(point @ (self._products + 0.5 * increments)), None if gradients[entering] >= least else entering

    def minimize_active(self, active: list[int]) -> tuple[Array, bool]:
        """The increments with which no active row conflicts with the direction; rows may be linearly dependent."""
        precision = len(active) * float(np.finfo(float).eps)
        return pseudo_solve(self._cosines[active][:, active], -self._products[active], precision), False


def lawson_hanson(cosines: Array, products: Array, tolerance: float) -> Array:
    """Compute the increments [K] of one start by the active-set method."""
    return minimize(_ConeProblem(cosines, products, tolerance), np.zeros(len(products)))
