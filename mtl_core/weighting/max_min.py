"""The step within a ball around a given one that gains most for the row it gains least for."""

import math

import numpy as np

from mtl_core.weighting.cosines import Array, split_lengths
from mtl_core.weighting.min_norm import min_norm_weights

_ROUNDING = 1e-14


def conflict_averse_weights(gramian: Array, centre: Array, radius: float) -> Array:
    """The weights w >= 0, adding up to 1, with the smallest g_w·g_0 + radius·abs(g_w).

    The problem dual to maximising the smallest product with a row over all d with abs(d - g_0) <= radius. An
    active-set method: on a given set of rows the minimum has a closed form, rows join where the optimality
    condition fails and leave where their weight would turn negative; each round gets lower, so it ends at the
    exact minimum after finitely many. Rows are scaled to length one first. Where the minimum is 0 at g_w = 0, weights
    with that g_w are returned.

    Args:
        gramian: [K, K] finite inner products g_i·g_j.
        centre: [K] products g_i·g_0 with the rows' mean g_0.
        radius: Above 0.

    Returns:
        [K] the weights.
    """
    lengths, cosines = split_lengths(gramian)
    there = np.flatnonzero(lengths)
    inner = float(centre.mean())
    if len(there) == len(lengths):
        return _of_rows(gramian, lengths, cosines, centre, radius, inner)
    part = np.ix_(there, there)
    weights = np.zeros(len(lengths))
    if len(there):
        weights[there] = _of_rows(gramian[part], lengths[there], cosines[part], centre[there], radius, inner)
    # A zero row offers the value 0.
    height = float(centre @ weights) + radius * math.sqrt(max(float(weights @ gramian @ weights), 0.0))
    zero = lengths == 0
    return weights if height < -_ROUNDING * radius * lengths.max() else np.asarray(zero / zero.sum())


def _of_rows(gramian: Array, lengths: Array, cosines: Array, centre: Array, radius: float, inner: float) -> Array:
    shortest = lengths.min()
    problem = _Problem(cosines, shortest / lengths, centre / lengths, radius)
    first = int(np.argmin((problem.gains + radius) / problem.shares))
    start = np.zeros(len(lengths))
    start[first] = lengths[first] / shortest
    point = problem.solved(start)
    if problem.vanished(point):
        below = _below_zero(problem, gramian, lengths, centre, radius, inner)
        point = point if below is None else problem.solved(below)
    weights = point * problem.shares
    return np.asarray(weights / weights.sum())


def _below_zero(
    problem: "_Problem", gramian: Array, lengths: Array, centre: Array, radius: float, inner: float
) -> Array | None:
    """A point of negative value, if there is any: the search has ended at 0, where the value has a kink.

    The minimum is at weights w of the shortest combination of the rows g_i + abs(g_w)/radius·g_0; if it is negative,
    so is the value at the weights for any smaller number in the place of abs(g_w).
    """
    for size in (1e-2, 1e-4, 1e-6):
        shift = size * float(lengths.min()) / radius
        weights = min_norm_weights(gramian + shift * (centre + centre[:, None]) + shift**2 * inner)
        point = weights * lengths / lengths.min()
        if problem.value(point) < -_ROUNDING * radius * np.abs(point).sum():
            return np.asarray(point)
    return None


class _Problem:
    """In v = w·length (the shortest length being 1): lowest b'v + radius·sqrt(v'Cv) with a'v = 1 and v >= 0."""

    def __init__(self, cosines: Array, shares: Array, gains: Array, radius: float) -> None:
        self._cosines = cosines
        self.shares = shares
        self.gains = gains
        self._radius = radius
        # C + aa' has the same minimisers under a'v = 1, and an inverse on rows that are affinely independent.
        self._system = cosines + np.outer(shares, shares)

    def value(self, point: Array) -> float:
        return float(self.gains @ point) + self._radius * math.sqrt(max(float(point @ self._cosines @ point), 0.0))

    def vanished(self, point: Array) -> bool:
        """Whether the combination of the rows is zero, up to rounding."""
        return math.sqrt(max(float(point @ self._cosines @ point), 0.0)) <= 1e-7 * float(np.abs(point).sum())

    def solved(self, start: Array) -> Array:
        """The minimum, reached from a point."""
        point, height = start, self.value(start)
        for _ in range(20 * len(point)):
            active = np.flatnonzero(point).tolist()
            entering = self._entering(point, active)
            moved = None if entering is None else self._descend(point, [*active, entering])
            if moved is None or self.value(moved) >= height:
                break
            point, height = moved, self.value(moved)
        return point

    def _entering(self, point: Array, active: list[int]) -> int | None:
        """The row that most lowers the value; none at the minimum, which is also where the combination vanishes."""
        if self.vanished(point):
            return None
        products = self._cosines @ point
        size = math.sqrt(float(point @ products))
        slopes = self.gains + self._radius * products / size
        level = float(point @ slopes)
        slack = slopes - level * self.shares
        slack[active] = np.inf
        entering = int(np.argmin(slack))
        noise = _ROUNDING * (np.abs(self.gains).max() + self._radius) * max(1.0, np.abs(point).sum() / size)
        return None if slack[entering] >= -noise else entering

    def _descend(self, point: Array, active: list[int]) -> Array | None:
        """To the lowest point of the active rows' affine hull, or towards where it is lowest far away."""
        point = point.copy()
        while active:
            found = self._lowest(active)
            if found is None:
                return None
            target, far = found
            if not far and (target > 0).all():
                point[:] = 0
                point[active] = target
                return point
            here = point[active]
            change = target if far else target - here
            falling = np.flatnonzero(change < 0)
            if not len(falling):
                return None
            steps = here[falling] / -change[falling]
            point[active] = np.maximum(here + float(steps.min()) * change, 0)
            dropped = active[falling[int(np.argmin(steps))]]
            point[dropped] = 0
            active = [row for row in active if row != dropped]
        return None

    def _lowest(self, active: list[int]) -> tuple[Array, bool] | None:
        """The lowest point and False, or, where the value falls without end, the direction of that and True."""
        shares, gains = self.shares[active], self.gains[active]
        try:
            both = np.linalg.solve(self._system[np.ix_(active, active)], np.stack([shares, gains], axis=1))
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(both).all():
            return None
        level, bent = both[:, 0], both[:, 1]
        ones, mixed = float(shares @ level), float(shares @ bent)
        distance = max(1 / ones - 1, 0.0)
        along = bent - mixed / ones * level
        room = self._radius**2 - max(float(gains @ along), 0.0)
        if room <= 0:
            return -along, True
        return level / ones - math.sqrt(distance / room) * along, False
