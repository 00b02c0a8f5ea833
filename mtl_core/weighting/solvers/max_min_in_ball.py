"""The step within a ball around a given one that gains most for the row it gains least for."""

import math

import numpy as np

from mtl_core.weighting.solvers.active_set import descend, improved
from mtl_core.weighting.solvers.min_norm import min_norm_weights
from mtl_core.weighting.solvers.row_scaling import Array, split_lengths

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
        point = self._solved(self._best_row()) if found is None else improved(self, found)
        if self._vanished(point, self._looked_at(point)[1]):
            below = self._below_zero()
            point = point if below is None else self._solved(below)
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
        count = len(self._shares)
        found = descend(self, 1 / (count * self._shares), list(range(count)))
        if found is None:
            return None
        products, size = self._looked_at(found)
        if self._vanished(found, size):
            return None
        slack = self._slack(found, products, size)
        return found if np.abs(slack[found > 0]).max() <= _EVEN * (np.abs(self._gains).max() + self._radius) else None

    def _looked_at(self, point: Array) -> tuple[Array, float]:
        """[K] products of the rows with the combination, and its length."""
        products = self._cosines @ point
        return products, math.sqrt(max(float(point @ products), 0.0))

    def _slack(self, point: Array, products: Array, size: float) -> Array:
        """[K] what a bit more of each row adds to the value, beyond what moving along the point adds."""
        slopes = self._gains + self._radius * products / size
        return np.asarray(slopes - float(point @ slopes) * self._shares)

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
            if self._value(point, self._looked_at(point)[1]) < -_ROUNDING * self._radius * point.sum():
                return np.asarray(point)
        return None

    def _value(self, point: Array, size: float) -> float:
        return float(self._gains @ point) + self._radius * size

    def _vanished(self, point: Array, size: float) -> bool:
        """Whether the combination of the rows is zero, up to rounding."""
        return size <= 1e-7 * float(point.sum())

    def _solved(self, start: Array) -> Array:
        """The minimum, reached from a point."""
        settled = descend(self, start, np.flatnonzero(start).tolist())
        if settled is None or self.judged(settled)[0] > self.judged(start)[0]:
            settled = start
        return improved(self, settled)

    def judged(self, point: Array) -> tuple[float, int | None]:
        """The value, and the row that most lowers it; none where the combination vanishes, which is a minimum too."""
        products, size = self._looked_at(point)
        value = self._value(point, size)
        if self._vanished(point, size):
            return value, None
        slack = self._slack(point, products, size)
        slack[point > 0] = np.inf
        entering = int(np.argmin(slack))
        noise = _ROUNDING * (np.abs(self._gains).max() + self._radius) * max(1.0, point.sum() / size)
        return value, None if slack[entering] >= -noise else entering

    def lowest(self, active: list[int]) -> tuple[Array, bool] | None:
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
        target = level / ones - math.sqrt(distance / room) * along
        return np.where(np.abs(target) > _NOTHING * np.abs(target).max(), target, 0.0), False
