"""Smoothing, decimation and axis limits of curves, in NumPy; thread-safe."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def smooth(values: Floats, weight: float) -> Floats:
    """Debiased exponential moving average of a series.

    Args:
        values: ``[N]``; points that are not finite are skipped and stay gaps in the result.
        weight: In ``[0, 1)``; 0 gives the series back, 0.9 remembers about ten points.

    Returns:
        ``[N]`` averages; the first equals the first value, as the bias towards zero is divided out.
    """
    if weight <= 0 or values.size < 2:
        return values
    from scipy.signal import lfilter  # whose import takes longer than a frame, so it is left to the drawing thread

    def decayed_sums(addends: Floats) -> Floats:
        sums: Floats = lfilter([1.0], [1.0, -weight], addends)
        return sums

    finite_mask = np.isfinite(values)
    total = decayed_sums(np.where(finite_mask, values, 0.0))
    if finite_mask.all():
        mass: Floats = (1.0 - weight ** np.arange(1.0, values.size + 1)) / (1.0 - weight)
    else:
        mass = decayed_sums(finite_mask.astype(np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(finite_mask, total / mass, np.nan)


def decimate(x: Floats, y: Floats, low: float, high: float, columns: int) -> tuple[Floats, Floats]:
    """Decimate a series to the lowest and highest point of every pixel column.

    Args:
        x: ``[N]``, ascending.
        y: ``[N]``; NaN is a gap.
        low: Left end of the view, in x.
        high: Right end of the view.
        columns: Pixel columns between them.

    Returns:
        At most about two points a column, with one neighbor on either side so that lines leave the view.
    """
    first = max(int(np.searchsorted(x, low, "left")) - 1, 0)
    last = min(int(np.searchsorted(x, high, "right")) + 1, x.size)
    x, y = x[first:last], y[first:last]
    if x.size <= 4 * columns or high <= low:
        return x, y
    edges = np.linspace(low, high, columns + 1)[1:-1]
    starts = np.unique(np.concatenate(([0], np.searchsorted(x, edges, "left"))))
    starts = starts[starts < x.size]
    ends = np.append(starts[1:], x.size) - 1
    lowest, highest = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
    falling = y[starts] > y[ends]
    out_x, out_y = np.empty(2 * starts.size), np.empty(2 * starts.size)
    out_x[0::2], out_x[1::2] = x[starts], x[ends]
    out_y[0::2] = np.where(falling, highest, lowest)
    out_y[1::2] = np.where(falling, lowest, highest)
    return out_x, out_y


def positive(values: Floats) -> Floats:
    """Replace values that are not positive by NaN, for a logarithmic axis."""
    return np.where(values > 0, values, np.nan)


def finite(values: Floats) -> Floats:
    """Replace infinities by NaN, without a copy if there are none."""
    return np.where(np.isinf(values), np.nan, values) if np.isinf(values).any() else values


def nice_limits(low: float, high: float) -> tuple[float, float]:
    """Axis limits on round numbers around ``low … high``, so that the axis does not move with every value.

    A range that starts near zero starts at zero.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return 0.0, 1.0
    if 0 <= low <= 0.4 * high:
        low = 0.0
    span = high - low
    if span <= 1e-3 * max(abs(low), abs(high), 1e-300):
        pad = abs(high) * 0.1 or 0.5
        low, high, span = low - pad, high + pad, 2 * pad
    step = nice_step(span / 6)
    digits = 2 - math.floor(math.log10(step))
    return round(math.floor(low / step + 1e-9) * step, digits), round(math.ceil(high / step - 1e-9) * step, digits)


def nice_step(rough: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is at least ``rough``."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next((m * power for m in (1, 2, 2.5, 5) if m * power >= rough * (1 - 1e-9)), 10 * power)


@dataclass(frozen=True)
class XAxis:
    """A piecewise linear map from steps to axis positions.

    Attributes:
        label: Unit of the axis.
        steps: ``[A]`` ascending steps with a known position; empty for the identity.
        places: ``[A]`` their positions, ascending.
    """

    label: str = "step"
    steps: tuple[float, ...] = ()
    places: tuple[float, ...] = ()

    def step(self, place: float) -> float:
        """Map a position to its step, the nearest one with a known position outside of these."""
        if len(self.steps) < 2:
            return place
        return float(np.interp(place, self.places, self.steps))

    def place(self, steps: Floats) -> Floats:
        """Map steps to positions, by linear inter- and extrapolation."""
        if len(self.steps) < 2:
            return steps
        step_array, places = np.asarray(self.steps), np.asarray(self.places)
        inside: Floats = np.interp(steps, step_array, places)
        head = (places[1] - places[0]) / max(step_array[1] - step_array[0], 1e-12)
        tail = (places[-1] - places[-2]) / max(step_array[-1] - step_array[-2], 1e-12)
        before, after = steps < step_array[0], steps > step_array[-1]
        if before.any():
            inside[before] = places[0] + (steps[before] - step_array[0]) * head
        if after.any():
            inside[after] = places[-1] + (steps[after] - step_array[-1]) * tail
        return inside
