"""Pareto front and hypervolume of runs that are judged by two or three metrics at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtl_core.protocol.series_key import Direction

Floats = NDArray[np.float64]


def pareto_front(scores: ArrayLike, directions: Sequence[Direction]) -> NDArray[np.bool_]:
    """Return which points no other point dominates.

    A point dominates another if it is at least as good in every metric and better in one; equal points do not dominate
    each other. A point with a value that is not finite is never on the front.

    Args:
        scores: ``[N, M]``, a row for each point and a column for each metric.
        directions: ``"min"`` or ``"max"`` for each metric.

    Returns:
        ``[N]``, true on the front.
    """
    costs = _costs(scores, directions)
    finite: NDArray[np.bool_] = np.all(np.isfinite(costs), axis=1)
    front = np.zeros(len(costs), bool)
    kept = np.empty((0, costs.shape[1]))
    # In this order a point is dominated only by points before it.
    for index in np.lexsort(costs.T[::-1]):
        if finite[index] and not _is_dominated(costs[index], kept):
            front[index] = True
            kept = np.vstack([kept, costs[index]])
    return front


def hypervolume(scores: ArrayLike, directions: Sequence[Direction], reference: Sequence[float]) -> float:
    """Return the volume that points dominate, up to a reference point (Zitzler & Thiele 1999).

    Args:
        scores: ``[N, M]``, a row for each point and a column for each of one to three metrics.
        directions: ``"min"`` or ``"max"`` for each metric.
        reference: The value of each metric that counts nothing; points that are worse in a metric count nothing.

    Returns:
        The volume, in the product of the units of the metrics; 0 without points.
    """
    costs, limit = _costs(scores, directions), _costs([list(reference)], directions)[0]
    inside = costs[np.isfinite(costs).all(axis=1) & (costs < limit).all(axis=1)]
    return _dominated_volume(inside, limit)


def _costs(scores: ArrayLike, directions: Sequence[Direction]) -> Floats:
    """Return the scores with their signs changed so that less is better."""
    signs = [-1.0 if direction == "max" else 1.0 for direction in directions]
    return np.asarray(scores, np.float64).reshape(-1, len(directions)) * signs


def _is_dominated(cost: Floats, kept: Floats) -> bool:
    return bool(((kept <= cost).all(axis=1) & (kept < cost).any(axis=1)).any())


def _dominated_volume(costs: Floats, limit: Floats) -> float:
    """Return the volume between points and the limit: slices along the last axis, each of what lies below it."""
    if len(costs) == 0:
        return 0.0
    if len(limit) == 1:
        return float(limit[0] - costs.min())
    costs = costs[np.argsort(costs[:, -1])]
    ends = np.append(costs[1:, -1], limit[-1])
    heights = ends - costs[:, -1]
    volumes = (_dominated_volume(costs[: i + 1, :-1], limit[:-1]) for i, height in enumerate(heights) if height > 0)
    return float(sum(v * height for v, height in zip(volumes, heights[heights > 0], strict=True)))
