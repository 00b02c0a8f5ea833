"""The active-set method shared by the exact solvers, for convex problems over non-negative weights of rows."""

from typing import Protocol

import numpy as np

from mtl_core.weighting.solvers.row_scaling import Array


class ConvexProblem(Protocol):
    """A convex function to minimize over non-negative weights of rows."""

    def minimize_active(self, active: list[int]) -> tuple[Array, bool] | None:
        """Minimize over the active rows' weights, ignoring their signs.

        Returns:
            The weights and False; if the value is unbounded below, a direction of descent and True; None if the
            minimum cannot be computed because of rounding errors.
        """
        ...

    def evaluate(self, point: Array) -> tuple[float, int | None]:
        """The value at weights ``[K]``, and the inactive row that would lower it most; None at the minimum."""
        ...


def descend(problem: ConvexProblem, point: Array, active: list[int]) -> Array | None:
    """Move to the minimum over the active rows, dropping rows whose weight would turn negative.

    Args:
        problem: The function to minimize.
        point: [K] initial weights.
        active: The rows with a weight, and those that may get one.

    Returns:
        [K] the weights; None if there is no minimum over the active rows.
    """
    point = point.copy()
    while active:
        solution = problem.minimize_active(active)
        if solution is None:
            return None
        target, unbounded = solution
        decreasing = np.flatnonzero(target < 0)
        if not (unbounded or len(decreasing)):
            point[:] = 0
            point[active] = target
            return point
        if not len(decreasing):
            return None
        current = point[active]
        change = target if unbounded else target - current
        steps = current[decreasing] / -change[decreasing]
        nearest = int(np.argmin(steps))
        point[active] = np.maximum(current + steps[nearest] * change, 0)
        blocking_row = active[decreasing[nearest]]
        point[blocking_row] = 0
        active = [row for row in active if row != blocking_row]
    return None


def minimize(problem: ConvexProblem, point: Array) -> Array:
    """Find the minimum by adding one active row at a time.

    The value decreases in every round, so that the method ends after finitely many.

    Args:
        problem: The function to minimize.
        point: [K] initial weights, minimal over the rows with a weight.
    """
    value, entering = problem.evaluate(point)
    for _ in range(20 * len(point)):
        if entering is None:
            break
        candidate = descend(problem, point, [*np.flatnonzero(point).tolist(), entering])
        if candidate is None:
            break
        candidate_value, entering = problem.evaluate(candidate)
        if candidate_value >= value:
            break
        point, value = candidate, candidate_value
    return point
