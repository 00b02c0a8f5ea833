"""The shortest vector of a convex hull, exactly."""

import math

import numpy as np

from mtl_core.weighting.solvers.active_set import descend, improved
from mtl_core.weighting.solvers.row_scaling import Array

_ROUNDING = 1e-14
"""Relative size of an inner product's rounding error, with room for a few dozen terms."""


def min_norm_weights(gramian: Array) -> Array:
    """The weights w >= 0, adding up to 1, with the smallest w'Gw.

    An active-set method (Wolfe: Finding the nearest point in a polytope, 1976) on the Gramian alone. It ends
    after finitely many steps at the exact point, not near it as a Frank-Wolfe method does, and does not care
    how different the rows' lengths are: it works with rows of length one. Zero rows share the weight among
    themselves; where several weights are right, one of them is returned. Equal weights for a Gramian that is
    not finite.

    Args:
        gramian: [K, K] inner products of K rows.

    Returns:
        [K] the weights.
    """
    if len(gramian) == 2:
        return _of_two(gramian)
    lengths: Array = np.sqrt(np.diagonal(gramian))
    if not np.isfinite(gramian).all() or not lengths.any():
        return np.full(len(lengths), 1 / len(lengths))
    if not lengths.all():
        zero = lengths == 0
        return np.asarray(zero / zero.sum())
    return _Hull(gramian / lengths / lengths[:, None], lengths / lengths.min()).weights()


def _of_two(gramian: Array) -> Array:
    (first, product), (_, second) = gramian.tolist()
    gap = first + second - 2 * product
    share = min(max((second - product) / gap, 0.0), 1.0) if 0 < gap < math.inf else 0.5
    return np.array([share, 1 - share])


class _Hull:
    """The same for rows given by their cosines and their lengths, the shortest being 1.

    With v_i = w_i·length_i the length of the combination is v'Cv, C the cosines, and the weights' sum is v'a, a
    = 1/length.
    """

    def __init__(self, cosines: Array, lengths: Array) -> None:
        self._cosines, self._lengths, self._shares = cosines, lengths, 1 / lengths
        # C + aa' has the same minimiser under v'a = 1, and is positive definite on any rows that are affinely
        # independent.
        self._system = cosines + self._shares[:, None] * self._shares

    def weights(self) -> Array:
        """[K] w at the minimum."""
        weights = improved(self, self._start()) * self._shares
        return np.asarray(weights / weights.sum())

    def _start(self) -> Array:
        """What is left of all rows where that is a minimum, since often most rows count; else the shortest row."""
        count = len(self._lengths)
        found = descend(self, self._lengths / count, list(range(count)))
        if found is not None:
            slack, height = self._slack(found)
            # The shortest row has length 1: of almost equal rows rounding may have left a longer one.
            if height <= 1 and np.abs(slack[found > 0]).max() <= _ROUNDING * found.sum():
                return found
        point = np.zeros(count)
        first = int(np.argmin(self._lengths))
        point[first] = self._lengths[first]
        return point

    def _slack(self, point: Array) -> tuple[Array, float]:
        """[K] how much longer each row reaches along the combination than that itself, and its squared length."""
        products = self._cosines @ point
        height = float(point @ products)
        return products - height * self._shares, height

    def judged(self, point: Array) -> tuple[float, int | None]:
        """The squared length of the combination, and the row that reaches least along it."""
        slack, height = self._slack(point)
        slack[point > 0] = np.inf
        entering = int(np.argmin(slack))
        return height, None if slack[entering] >= -_ROUNDING * point.sum() else entering

    def lowest(self, active: list[int]) -> tuple[Array, bool] | None:
        """The nearest point of the rows' affine hull."""
        shares = self._shares[active]
        try:
            target = np.linalg.solve(self._system[active][:, active], shares)
        except np.linalg.LinAlgError:
            return None
        size = float(target @ shares)
        if size <= 0:  # not above the length of the point squared: the rows are dependent
            return None
        return (np.asarray(target / size), False) if np.isfinite(target / size).all() else None
