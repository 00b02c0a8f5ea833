"""The minimum-norm point of a convex hull, exactly."""

import math

import numpy as np

from mtl_core.weighting.solvers.active_set import descend, minimize
from mtl_core.weighting.solvers.row_scaling import Array

_ROUNDING = 1e-14
"""Upper bound of the relative rounding error of an inner product of a few dozen terms."""


def min_norm_weights(gramian: Array) -> Array:
    """Compute the weights w >= 0, adding up to 1, with the smallest w'Gw.

    An active-set method (Wolfe: Finding the nearest point in a polytope, 1976) on the Gramian alone. It ends
    after finitely many steps at the exact point, not near it as a Frank-Wolfe method does, and is insensitive
    to different lengths of the rows, which it scales to length one. If there are zero rows, they share the
    weight; if the weights are not unique, one solution is returned. A non-finite Gramian gives equal weights.

    Args:
        gramian: [K, K] inner products of K rows.

    Returns:
        [K] the weights.
    """
    if len(gramian) == 2:
        return _two_row_weights(gramian)
    lengths: Array = np.sqrt(np.diagonal(gramian))
    if not np.isfinite(gramian).all() or not lengths.any():
        return np.full(len(lengths), 1 / len(lengths))
    if not lengths.all():
        zero = lengths == 0
        return np.asarray(zero / zero.sum())
    return _ConvexHull(gramian / lengths / lengths[:, None], lengths / lengths.min()).weights()


def _two_row_weights(gramian: Array) -> Array:
    (first, product), (_, second) = gramian.tolist()
    gap = first + second - 2 * product
    share = min(max((second - product) / gap, 0.0), 1.0) if 0 < gap < math.inf else 0.5
    return np.array([share, 1 - share])


class _ConvexHull:
    """The minimum-norm problem of rows given by their cosines and their lengths, the shortest being 1.

    With v_i = w_i·length_i the length of the combination is v'Cv, C the cosines, and the weights' sum is v'a, a
    = 1/length.
    """

    def __init__(self, cosines: Array, lengths: Array) -> None:
        self._cosines, self._lengths, self._shares = cosines, lengths, 1 / lengths
        # C + aa' has the same minimizer under v'a = 1, and is positive definite on any rows that are affinely
        # independent.
        self._system = cosines + self._shares[:, None] * self._shares

    def weights(self) -> Array:
        """[K] w at the minimum."""
        weights = minimize(self, self._start()) * self._shares
        return np.asarray(weights / weights.sum())

    def _start(self) -> Array:
        """The minimum found by starting from all rows, since often most are active; the shortest row if that fails."""
        count = len(self._lengths)
        descended = descend(self, self._lengths / count, list(range(count)))
        if descended is not None:
            slack, squared_length = self._slack(descended)
            # The shortest row has length 1; for almost equal rows, rounding errors may give a longer combination.
            if squared_length <= 1 and np.abs(slack[descended > 0]).max() <= _ROUNDING * descended.sum():
                return descended
        point = np.zeros(count)
        shortest = int(np.argmin(self._lengths))
        point[shortest] = self._lengths[shortest]
        return point

    def _slack(self, point: Array) -> tuple[Array, float]:
        """[K] each row's product with the combination minus its squared length, and that squared length."""
        products = self._cosines @ point
        squared_length = float(point @ products)
        return products - squared_length * self._shares, squared_length

    def evaluate(self, point: Array) -> tuple[float, int | None]:
        """The squared length of the combination, and the inactive row with the smallest product with it."""
        slack, squared_length = self._slack(point)
        slack[point > 0] = np.inf
        entering = int(np.argmin(slack))
        return squared_length, None if slack[entering] >= -_ROUNDING * point.sum() else entering

    def minimize_active(self, active: list[int]) -> tuple[Array, bool] | None:
        """The minimum-norm point of the active rows' affine hull."""
        shares = self._shares[active]
        try:
            target = np.linalg.solve(self._system[active][:, active], shares)
        except np.linalg.LinAlgError:
            return None
        size = float(target @ shares)
        if size <= 0:  # the inverse of the squared length; not positive for dependent rows
            return None
        return (np.asarray(target / size), False) if np.isfinite(target / size).all() else None
