"""Input and output of the drawing thread, and the pure function between them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from app.plots.decimation import Floats, XAxis, decimate, finite, nice_limits, positive, smooth


@dataclass(frozen=True)
class Curve:
    """A named series with its style.

    Attributes:
        steps: ``[N]`` ascending.
        values: ``[N]``.
        color: Hue by number (follows the theme), a theme token, or a color string.
        dash: Draw dashed (by convention: validation).
        dots: Dots between the strokes, which distinguish curves of one hue.
        faint: Draw as a pale background line.
        smoothed: Whether the plot's smoothing applies.
        label: Name in the read-out under the cursor.
        axis: Its own horizontal axis, if it differs from that of the plot.
    """

    steps: Floats
    values: Floats
    color: int | str = 0
    dash: bool = False
    dots: int = 0
    faint: bool = False
    smoothed: bool = True
    label: str = ""
    axis: XAxis | None = None

    @property
    def pen_style(self) -> tuple[int | str, bool, int, bool]:
        """The attributes that determine its pen."""
        return self.color, self.dash, self.dots, self.faint


@dataclass(frozen=True)
class Snapshot:
    """The immutable input of drawing; its arrays are never written to.

    Attributes:
        columns: Width of the plot in pixels.
        view: The zoomed x range, or None for everything.
        raw: Whether the raw line is drawn, faint, below a smoothed one.
        from_zero: Whether a linear vertical axis always holds zero.
        until: The planned last step, or 0; see :func:`fitted_end`.
    """

    curves: tuple[tuple[Hashable, Curve], ...]
    axis: XAxis
    columns: int
    smoothing: float = 0.0
    log_y: bool = False
    raw: bool = True
    from_zero: bool = False
    view: tuple[float, float] | None = None
    until: float = 0.0


@dataclass(frozen=True)
class Line:
    """A decimated curve in axis coordinates (log10 on a logarithmic axis); ``full_*`` is for the readout."""

    x: Floats
    y: Floats
    faint_x: Floats | None
    faint_y: Floats | None
    full_x: Floats
    full_y: Floats


@dataclass(frozen=True)
class Picture:
    """The output of drawing: lines, axis limits, and whether there is anything to see."""

    lines: dict[Hashable, Line]
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    empty: bool


def paint(snapshot: Snapshot) -> Picture:
    """Turns a snapshot into a picture; runs off the GUI thread."""
    positioned = [(key, _x_positions(curve, snapshot.axis), curve) for key, curve in snapshot.curves]
    full = _x_limits((x for _, x, _ in positioned), snapshot)
    view = snapshot.view or full
    lines = {key: _line(curve, x, view, snapshot) for key, x, curve in positioned}
    low, high = _y_limits(lines.values(), log_y=snapshot.log_y, from_zero=snapshot.from_zero)
    empty = not any(np.isfinite(line.y).any() for line in lines.values())
    return Picture(lines, full, (low, high), empty)


def _x_positions(curve: Curve, axis: XAxis) -> Floats:
    return (curve.axis or axis).place(np.asarray(curve.steps, dtype=np.float64))


def _x_limits(positions: Iterable[Floats], snapshot: Snapshot) -> tuple[float, float]:
    ends = [(float(x[0]), float(x[-1])) for x in positions if x.size]
    high = max((end for _, end in ends), default=0.0)
    if snapshot.until > 0:
        high = max(high, fitted_end(high, float(snapshot.axis.place(np.array([snapshot.until]))[0])))
    low = min((start for start, _ in ends), default=0.0)
    low = 0.0 if 0 <= low <= 0.4 * high else low
    return (low, high) if high > low else (low, low + 1.0)


def fitted_end(reached: float, planned: float) -> float:
    """End of the horizontal axis of a growing curve: the planned end, halved as long as the curve fits.

    So the curve fills at least half of the plot, and the axis changes only when the curve has doubled.
    """
    if not 0 < reached < planned:
        return planned
    return planned / 2.0 ** (math.ceil(math.log2(planned / reached)) - 1)


def _line(curve: Curve, x: Floats, view: tuple[float, float], snapshot: Snapshot) -> Line:
    raw = finite(np.asarray(curve.values, dtype=np.float64))
    weight = snapshot.smoothing if curve.smoothed and not curve.faint else 0.0
    main = smooth(raw, weight)
    line = Line(*_decimate(x, main, view, snapshot), None, None, x, main)
    if main is raw or not snapshot.raw:
        return line
    faint_x, faint_y = _decimate(x, raw, view, snapshot)
    return replace(line, faint_x=faint_x, faint_y=faint_y)


def _decimate(x: Floats, y: Floats, view: tuple[float, float], snapshot: Snapshot) -> tuple[Floats, Floats]:
    if x.size == 1:  # a lone point is drawn as a short dash, or it would not be seen
        reach = (view[1] - view[0]) * 0.006
        x, y = np.array([x[0] - reach, x[0] + reach]), np.array([y[0], y[0]])
    if not snapshot.log_y:
        return decimate(x, y, *view, snapshot.columns)
    x, y = decimate(x, positive(y), *view, snapshot.columns)
    return x, np.log10(y)


def _y_limits(lines: Iterable[Line], *, log_y: bool, from_zero: bool) -> tuple[float, float]:
    """Covers every main line whole and 98 % of each raw one, so that one spike does not flatten the rest."""
    bounds: list[tuple[float, float]] = []
    for line in lines:
        visible = line.y[np.isfinite(line.y)]
        if visible.size:
            bounds.append((float(visible.min()), float(visible.max())))
        raw = line.faint_y[np.isfinite(line.faint_y)] if line.faint_y is not None else visible[:0]
        if raw.size:
            low, high = np.percentile(raw, (1, 99))
            bounds.append((float(low), float(high)))
    if not bounds:
        return (-1.0, 0.0) if log_y else (0.0, 1.0)
    low, high = min(b[0] for b in bounds), max(b[1] for b in bounds)
    if log_y:
        pad = max((high - low) * 0.05, 0.05)
        return low - pad, high + pad
    return nice_limits(min(low, 0.0), max(high, 0.0)) if from_zero else nice_limits(low, high)
