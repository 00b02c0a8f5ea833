"""Mean and standard deviation over the seeds of a curve, at every step that all of them reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Band:
    """A curve of several seeds.

    Attributes:
        x: ``[N]`` places on the horizontal axis.
        mean: ``[N]`` the mean over the seeds.
        sd: ``[N]`` the sample standard deviation, divided by n - 1.
    """

    x: Floats
    mean: Floats
    sd: Floats


def band(curves: Sequence[tuple[Floats, Floats]]) -> Band | None:
    """Return mean and standard deviation of curves; None for fewer than two, or without a range that all have.

    Where the curves have points at different places, those of the others are interpolated at the places of the first.
    Points that are not finite are left out.

    Args:
        curves: ``[N]`` places in ascending order and ``[N]`` values of each curve.
    """
    finite = [(x[np.isfinite(y)], y[np.isfinite(y)]) for x, y in curves]
    finite = [(np.asarray(x, np.float64), y) for x, y in finite if len(x)]
    if len(finite) < 2:
        return None
    low, high = max(x[0] for x, _ in finite), min(x[-1] for x, _ in finite)
    places = finite[0][0]
    places = places[(places >= low) & (places <= high)]
    if not len(places):
        return None
    values = np.stack([np.interp(places, x, y) for x, y in finite])
    return Band(places, values.mean(axis=0), values.std(axis=0, ddof=1))
