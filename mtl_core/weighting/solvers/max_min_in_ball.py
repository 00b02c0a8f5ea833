"""The max-min problem of CAGrad: the step in a ball with the largest smallest product with a row."""

import math

import numpy as np

from mtl_core.weighting.solvers.active_set import descend, minimize
from mtl_core.weighting.solvers.min_norm import min_norm_weights
from mtl_core.weighting.solvers.row_scaling import Array, lengths_and_cosines

_ROUNDING = 1e-14
_NEGLIGIBLE = 1e-12
"""A weight this small relative to the largest is a rounding error."""
_EQUAL_SLOPES = 1e-12
"""Slopes of rows count as equal if they differ by less than this, relative to the largest possible slope."""
_ZERO_DISTANCE = 1e-13
"""A squared distance of a hull from zero below this, in lengths of the shortest row, is a rounding error."""


def conflict_averse_weights(gramian: Array, center: Array, radius: float) -> Array:
    """Compute the weights w >= 0, adding up to 1, with the smallest g_w·g_0 + radius·abs(g_w).

    The problem is dual to maximizing the smallest product with a row over all d with abs(d - g_0) <= radius. An
    active-set method: on a given set of rows the minimum has a closed form, rows join where the optimality
    condition fails and leave where their weight would turn negative; the value decreases in every round, so it
    ends at the exact minimum after finitely many. Rows are first scaled to length one. If the minimum is 0 at g_w = 0,
    weights with that g_w are returned.

    Args:
        gramian: [K, K] finite inner products g_i·g_j.
        center: [K] products g_i·g_0 with the rows' mean g_0.
        radius: Above 0.

    Returns:
        [K] the weights.
    """
    nonzero = gramian.diagonal() > 0
    inner = float(center.mean())
    if nonzero.all():
        return _BallProblem(gramian, center, radius, inner).weights()
    weights = np.zeros(len(gramian))
    if nonzero.any():
        weights[nonzero] = _BallProblem(gramian[np.ix_(nonzero, nonzero)], center[nonzero], radius, inner).weights()
    # The value at a zero row is 0.
    value = float(center @ weights) + radius * math.sqrt(max(float(weights @ gramian @ weights), 0.0))
    longest = math.sqrt(gramian.diagonal().max())
    return weights if value < -_ROUNDING * radius * longest else np.asarray(~nonzero / (~nonzero).sum())


class _BallProblem:
    """The problem in v = w·length (shortest length 1): minimize b'v + radius·sqrt(v'Cv) with a'v = 1 and v >= 0."""

    def __init__(self, gramian: Array, center: Array, radius: float, inner: float) -> None:
        self._gramian, self._center, self._inner = gramian, center, inner
        self._radius = radius
        self._lengths, self._cosines = lengths_and_cosines(gramian)
        self._shares = self._lengths.min() / self._lengths
        self._gains = center / self._lengths
        # C + aa' has the same minimizers under a'v = 1, and an inverse on rows that are affinely independent.
        self._system = self._cosines + self._shares[:, None] * self._shares
        self._right = np.array([self._shares, self._gains]).T

    def weights(self) -> Array:
        """[K] w at the minimum."""
        point = self._descend_from_all()
        point = self._minimize_from(self._best_single_row()) if point is None else minimize(self, point)
        if self._is_zero(point, self._combination(point)[1]):
            negative = self._negative_point()
            point = point if negative is None else self._minimize_from(negative)
        weights = point * self._shares
        return np.asarray(weights / weights.sum())

    def _best_single_row(self) -> Array:
        best = int(np.argmin((self._gains + self._radius) / self._shares))
        point = np.zeros(len(self._shares))
        point[best] = 1 / self._shares[best]
        return point

    def _descend_from_all(self) -> Array | None:
        """The minimum found by starting from all rows, which is faster if most of them are active there.

        None if it is not a minimum, which may happen with linearly dependent rows.
        """
        count = len(self._shares)
        point = descend(self, 1 / (count * self._shares), list(range(count)))
        if point is None:
            return None
        products, size = self._combination(point)
        if self._is_zero(point, size):
            return None
        slack = self._slack(point, products, size)
        tolerance = _EQUAL_SLOPES * (np.abs(self._gains).max() + self._radius)
        return point if np.abs(slack[point > 0]).max() <= tolerance else None

    def _combination(self, point: Array) -> tuple[Array, float]:
        """[K] products of the rows with their weighted combination, and its length."""
        products = self._cosines @ point
        return products, math.sqrt(max(float(point @ products), 0.0))

    def _slack(self, point: Array, products: Array, size: float) -> Array:
        """[K] the derivative of the value by each weight, minus that of scaling the point."""
        slopes = self._gains + self._radius * products / size
        return np.asarray(slopes - float(point @ slopes) * self._shares)

    def _negative_point(self) -> Array | None:
        """A point of negative value if there is one, for a search that ended at 0, where the value is not smooth.

        The minimum is at weights w of the shortest combination of the rows g_i + abs(g_w)/radius·g_0; if it is
        negative, so is the value at the weights for any number smaller than abs(g_w) in its place.
        """
        shortest = float(self._lengths.min())
        for size in (1e-2, 1e-4, 1e-6):
            scale = size * shortest / self._radius
            shifts = scale * (self._center + self._center[:, None]) + scale**2 * self._inner
            point = min_norm_weights(self._gramian + shifts) * self._lengths / shortest
            if self._value(point, self._combination(point)[1]) < -_ROUNDING * self._radius * point.sum():
                return np.asarray(point)
        return None

    def _value(self, point: Array, size: float) -> float:
        return float(self._gains @ point) + self._radius * size

    def _is_zero(self, point: Array, size: float) -> bool:
        """Whether the combination of the rows is zero, up to rounding errors."""
        return size <= 1e-7 * float(point.sum())

    def _minimize_from(self, start: Array) -> Array:
        """Find the minimum from an initial point."""
        descended = descend(self, start, np.flatnonzero(start).tolist())
        if descended is None or self.evaluate(descended)[0] > self.evaluate(start)[0]:
            descended = start
        return minimize(self, descended)

    def evaluate(self, point: Array) -> tuple[float, int | None]:
        """The value, and the inactive row that lowers it most; None at the minimum, or if the combination is zero."""
        products, size = self._combination(point)
        value = self._value(point, size)
        if self._is_zero(point, size):
            return value, None
        slack = self._slack(point, products, size)
        slack[point > 0] = np.inf
        entering = int(np.argmin(slack))
        noise = _ROUNDING * (np.abs(self._gains).max() + self._radius) * max(1.0, point.sum() / size)
        return value, None if slack[entering] >= -noise else entering

    def minimize_active(self, active: list[int]) -> tuple[Array, bool] | None:
        """The minimum over the active rows and False, or a direction of unbounded descent and True."""
        right = self._right[active]
        shares, gains = right.T
        try:
            solutions = np.linalg.solve(self._system[active][:, active], right)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(solutions).all():
            return None
        share_solution, gain_solution = solutions.T
        ones, share_gain = float(shares @ share_solution), float(shares @ gain_solution)
        distance = 1 / ones - 1
        distance = distance if distance > _ZERO_DISTANCE else 0.0
        gain_direction = gain_solution - share_gain / ones * share_solution
        room = self._radius**2 - max(float(gains @ gain_direction), 0.0)
        if room <= 0:
            return -gain_direction, True
        target = share_solution / ones - math.sqrt(distance / room) * gain_direction
        return np.where(np.abs(target) > _NEGLIGIBLE * np.abs(target).max(), target, 0.0), False
