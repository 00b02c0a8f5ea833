"""Which curve of a plot is at a position of the cursor."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np

from app.plots.curve_image import Line
from app.plots.decimation import Floats

_NEAR = 6.0
"""Pixels from the cursor to a curve that is meant by it."""


def curve_at(lines: Mapping[Hashable, Line], place: tuple[float, float], pixel: tuple[float, float]) -> Hashable | None:
    """Find the curve that is drawn nearest to a position; None if none is within a few pixels.

    Args:
        lines: What is drawn of each curve; of several at the same distance the last one counts.
        place: The position in axis coordinates.
        pixel: Width and height of a pixel in axis coordinates.
    """
    found, least = None, _NEAR
    for key, line in lines.items():
        distance = _distance(line.x, line.y, place, pixel)
        if distance <= least:
            found, least = key, distance
    return found


def _distance(x: Floats, y: Floats, place: tuple[float, float], pixel: tuple[float, float]) -> float:
    """Distance in pixels from a position to the segments between the points around it."""
    reach = _NEAR * pixel[0]
    first = max(int(np.searchsorted(x, place[0] - reach)) - 1, 0)
    last = int(np.searchsorted(x, place[0] + reach, side="right")) + 1
    across, up = (x[first:last] - place[0]) / pixel[0], (y[first:last] - place[1]) / pixel[1]
    if not across.size:
        return np.inf
    nearest = float(np.nanmin(np.hypot(across, up), initial=np.inf))
    if across.size < 2:
        return nearest
    along, rise = np.diff(across), np.diff(up)
    length = along**2 + rise**2
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.clip(-(across[:-1] * along + up[:-1] * rise) / length, 0.0, 1.0)
    segments = np.hypot(across[:-1] + part * along, up[:-1] + part * rise)
    return min(nearest, float(np.nanmin(segments, initial=np.inf)))
