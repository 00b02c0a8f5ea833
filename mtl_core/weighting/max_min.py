"""The step within a ball around a given one that gains most for the row it gains least for."""

import math

import numpy as np

from mtl_core.weighting.cosines import Array, split_lengths
from mtl_core.weighting.min_norm import min_norm_weights

_ROUNDING = 1e-14
_NOTHING = 1e-12
"""A weight this small, against the largest, is a rounding error."""
_EVEN = 1e-12
"""Slopes of rows that differ by less, in the largest there could be, are one."""
_TOUCHING = 1e-13
"""Squared distance of a hull from zero, in shortest rows, that is a rounding error."""


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
    there = gramian.diagonal() > 0
    inner = float(centre.mean())
    if there.all():
        return _Problem(gramian, centre, radius, inner).weights()
    weights = np.zeros(len(gramian))
    if there.any():
        weights[there] = _Problem(gramian[np.ix_(there, there)], centre[there], radius, inner).weights()
    # A zero row offers the value 0.
    height = float(centre @ weights) + radius * math.sqrt(max(float(weights @ gramian @ weights), 0.0))
    longest = math.sqrt(gramian.diagonal().max())
    return weights if height < -_ROUNDING * radius * longest else np.asarray(~there / (~there).sum())


class _Problem:
    """In v = w·length (the shortest length being 1): lowest b'v + radius·sqrt(v'Cv) with a'v = 1 and v >= 0."""

    def __init__(self, gramian: Array, centre: Array, radius: float, inner: float) -> None:
        self._gramian, self._centre, self._inner = gramian, centre, inner
        self._radius = radius
        self._lengths, self._cosines = split_lengths(gramian)
        self._shares = self._lengths.min() / self._lengths
        self._gains = centre / self._lengths
        # C + aa' has the same minimisers under a'v = 1, and an inverse on rows that are affinely independent.
        self._system = self._cosines + self._shares[:, None] * self._shares
        self._right = np.array([self._shares, self._gains]).T

    def weights(self) -> Array:
        """[K] w at the minimum."""
        found = self._among_all()
        point = self.solved(self._best_row()) if found is None else self._improved(found)
        if self.vanished(point):
            below = self._below_zero()
            point = point if below is None else self.solved(below)
        weights = point * self._shares
        return np.asarray(weights / weights.sum())

    def _best_row(self) -> Array:
        first = int(np.argmin((self._gains + self._radius) / self._shares))
        point = np.zeros(len(self._shares))
        point[first] = 1 / self._shares[first]
        return point

    def _among_all(self) -> Array | None:
        """The minimum among the rows that are left of all: where most rows count, the way there is shorter.

        None where it is not one, as it may be with rows that depend on each other.
        """
        found = self._descend(1 / (len(self._shares) * self._shares), list(range(len(self._shares))))
        if found is None or self.vanished(found):
            return None
        slopes, _ = self._slopes(found)
        uneven = (slopes - float(found @ slopes) * self._shares)[found > 0]
        return found if np.abs(uneven).max() <= _EVEN * (np.abs(self._gains).max() + self._radius) else None

    def _slopes(self, point: Array) -> tuple[Array, float]:
        """[K] what a bit more of each row adds to the value, and the length of the combination."""
        products = self._cosines @ point
        size = math.sqrt(float(point @ products))
        return self._gains + self._radius * products / size, size

    def _below_zero(self) -> Array | None:
        """A point of negative value, if there is any: the search has ended at 0, where the value has a kink.

        The minimum is at weights w of the shortest combination of the rows g_i + abs(g_w)/radius·g_0; if it is
        negative, so is the value at the weights for any smaller number in the place of abs(g_w).
        """
        shortest = float(self._lengths.min())
        for size in (1e-2, 1e-4, 1e-6):
            shift = size * shortest / self._radius
            pulled = shift * (self._centre + self._centre[:, None]) + shift**2 * self._inner
            point = min_norm_weights(self._gramian + pulled) * self._lengths / shortest
            if self.value(point) < -_ROUNDING * self._radius * np.abs(point).sum():
                return np.asarray(point)
        return None

    def value(self, point: Array) -> float:
        return float(self._gains @ point) + self._radius * math.sqrt(max(float(point @ self._cosines @ point), 0.0))

    def vanished(self, point: Array) -> bool:
        """Whether the combination of the rows is zero, up to rounding."""
        return math.sqrt(max(float(point @ self._cosines @ point), 0.0)) <= 1e-7 * float(np.abs(point).sum())

    def solved(self, start: Array) -> Array:
        """The minimum, reached from a point."""
        settled = self._descend(start, np.flatnonzero(start).tolist())
        return self._improved(start if settled is None or self.value(settled) > self.value(start) else settled)

    def _improved(self, point: Array) -> Array:
        """The minimum, reached from the lowest point of some rows' affine hull by letting others in."""
        height = self.value(point)
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
        slopes, size = self._slopes(point)
        level = float(point @ slopes)
        slack = slopes - level * self._shares
        slack[active] = np.inf
        entering = int(np.argmin(slack))
        noise = _ROUNDING * (np.abs(self._gains).max() + self._radius) * max(1.0, np.abs(point).sum() / size)
        return None if slack[entering] >= -noise else entering

    def _descend(self, point: Array, active: list[int]) -> Array | None:
        """To the lowest point of the active rows' affine hull, or towards where it is lowest far away."""
        point = point.copy()
        while active:
            found = self._lowest(active)
            if found is None:
                return None
            target, far = found
            if not far:
                target = np.where(np.abs(target) > _NOTHING * np.abs(target).max(), target, 0.0)
            if not far and (target >= 0).all():
                point[:] = 0
                point[active] = target
                return point
            here = point[active]
            change = target if far else target - here
            falling = np.flatnonzero(target < 0)
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
        right = self._right[active]
        shares, gains = right.T
        try:
            both = np.linalg.solve(self._system[active][:, active], right)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(both).all():
            return None
        level, bent = both.T
        ones, mixed = float(shares @ level), float(shares @ bent)
        distance = 1 / ones - 1
        distance = distance if distance > _TOUCHING else 0.0
        along = bent - mixed / ones * level
        room = self._radius**2 - max(float(gains @ along), 0.0)
        if room <= 0:
            return -along, True
        return level / ones - math.sqrt(distance / room) * along, False
