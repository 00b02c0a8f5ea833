"""The search that the exact solvers share: over which rows count, by rows that join and rows that leave."""

from typing import Protocol

import numpy as np

from mtl_core.weighting.solvers.row_scaling import Array


class Problem(Protocol):
    """Something convex to be made as low as possible over weights of rows that are never negative."""

    def lowest(self, active: list[int]) -> tuple[Array, bool] | None:
        """The active rows' weights where the value is lowest, whatever their signs, and False.

        Where it falls without end: the direction of that, and True; None where rounding leaves nothing to say.
        """
        ...

    def judged(self, point: Array) -> tuple[float, int | None]:
        """The value at weights ``[K]``, and the row without weight that would lower it most; None at the minimum."""
        ...


def descend(problem: Problem, point: Array, active: list[int]) -> Array | None:
    """To the lowest point of the active rows' affine hull, dropping rows whose weight would turn negative.

    Args:
        problem: What is to be low.
        point: [K] weights to start from.
        active: The rows that have one, and those that may get one.

    Returns:
        [K] the weights; None where the active rows have no lowest point.
    """
    point = point.copy()
    while active:
        found = problem.lowest(active)
        if found is None:
            return None
        target, far = found
        falling = np.flatnonzero(target < 0)
        if not (far or len(falling)):
            point[:] = 0
            point[active] = target
            return point
        if not len(falling):
            return None
        here = point[active]
        change = target if far else target - here
        steps = here[falling] / -change[falling]
        nearest = int(np.argmin(steps))
        point[active] = np.maximum(here + steps[nearest] * change, 0)
        dropped = active[falling[nearest]]
        point[dropped] = 0
        active = [row for row in active if row != dropped]
    return None


def improved(problem: Problem, point: Array) -> Array:
    """The minimum, reached by letting in one row at a time.

    Each round gets lower, so that it ends after finitely many.

    Args:
        problem: What is to be low.
        point: [K] weights, the lowest on the rows that have one.
    """
    height, entering = problem.judged(point)
    for _ in range(20 * len(point)):
        if entering is None:
            break
        moved = descend(problem, point, [*np.flatnonzero(point).tolist(), entering])
        if moved is None:
            break
        lower, entering = problem.judged(moved)
        if lower >= height:
            break
        point, height = moved, lower
    return point
