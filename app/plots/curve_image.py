"""Input and output of the drawing thread, and the pure function between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import numpy as np

from app.plots.decimation import Floats, XAxis, decimate, finite, nice_limits, positive, smooth

T = TypeVar("T")
ValueKind = Literal["raw", "weighted", "normalized"]
"""What a loss plot shows: losses, losses times their weight, or losses over their mean in the first epoch."""


@dataclass(frozen=True)
class Limits:
    """Ends of both axes that a person has set, in the units of the axes; None is automatic."""

    left: float | None = None
    right: float | None = None
    bottom: float | None = None
    top: float | None = None


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
        name: What is said of it in the read-out when the cursor is on it.
        axis: Its own horizontal axis, if it differs from that of the plot.
        weights: ``[W]`` steps and ``[W]`` weights of a loss, each in use from its step on; None where it has none.
        epoch_steps: Steps of an epoch of its run; 0 takes those of the plot.
    """

    steps: Floats
    values: Floats
    color: int | str = 0
    dash: bool = False
    dots: int = 0
    faint: bool = False
    smoothed: bool = True
    label: str = ""
    name: str = ""
    axis: XAxis | None = None
    weights: tuple[Floats, Floats] | None = None
    epoch_steps: float = 0.0
    cache: dict[str, tuple[Any, Any]] = field(default_factory=dict, compare=False, repr=False)
    """What was computed last, with its options: of dozens of curves one changes at a time."""

    def cached(self, name: str, options: Hashable, compute: Callable[[], T]) -> T:
        """The result of ``compute`` for these options, from the previous call if they are the same."""
        kept = self.cache.get(name)
        if kept is None or kept[0] != options:
            kept = self.cache[name] = options, compute()
        result: T = kept[1]
        return result

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
        log_x: Whether the horizontal axis is logarithmic; positions at or below zero are left out.
        values: What is drawn of each curve.
        epoch_steps: Steps of an epoch, for curves that do not say.
        limits: Ends of the axes that do not follow the curves.
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
    log_x: bool = False
    values: ValueKind = "raw"
    epoch_steps: float = 0.0
    limits: Limits = Limits()


@dataclass(frozen=True)
class Line:
    """A decimated curve in axis coordinates (log10 on a logarithmic axis).

    ``full_x`` and ``full_y`` are all points for the readout: positions in axis coordinates, values as they are.
    """

    x: Floats
    y: Floats
    faint_x: Floats | None
    faint_y: Floats | None
    full_x: Floats
    full_y: Floats


@dataclass(frozen=True)
class Picture:
    """The output of drawing: lines, axis limits, whether there is anything to see, and which axes are logarithmic."""

    lines: dict[Hashable, Line]
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    empty: bool
    log_x: bool = False
    log_y: bool = False


def paint(snapshot: Snapshot) -> Picture:
    """Turns a snapshot into a picture; runs off the GUI thread."""
    positioned = [(key, *_points(curve, snapshot), curve) for key, curve in snapshot.curves]
    full = _x_limits((x for _, x, _, _ in positioned), snapshot)
    view = snapshot.view or full
    lines = {key: _line(curve, x, values, view, snapshot) for key, x, values, curve in positioned}
    y_limits = _y_limits(lines.values(), log_y=snapshot.log_y, from_zero=snapshot.from_zero)
    limits = snapshot.limits
    empty = not any(np.isfinite(line.y).any() for line in lines.values())
    y_limits = _with_limits(y_limits, limits.bottom, limits.top, log=snapshot.log_y)
    return Picture(lines, full, y_limits, empty, snapshot.log_x, snapshot.log_y)


def shown_values(curve: Curve, kind: ValueKind, epoch_steps: float = 0.0) -> Floats:
    """The values of a curve as a plot shows them before smoothing.

    Args:
        curve: The curve.
        kind: What is shown.
        epoch_steps: Steps of an epoch, if the curve does not say; with 0 the first value is that of the first epoch.

    Returns:
        ``[N]``: *weighted* multiplies each value by the last weight recorded up to its step (the first weight before
        that; curves without weights stay as they are); *normalized* divides by the mean of the first epoch.
    """
    values = finite(np.asarray(curve.values, dtype=np.float64))
    if kind == "weighted" and curve.weights is not None and curve.weights[0].size:
        steps, weights = curve.weights
        return values * weights[np.maximum(np.searchsorted(steps, curve.steps, "right") - 1, 0)]
    if kind == "normalized" and values.size:
        first = values[: max(int(np.searchsorted(curve.steps, curve.epoch_steps or epoch_steps, "right")), 1)]
        base = float(np.mean(first[np.isfinite(first)])) if np.isfinite(first).any() else 0.0
        return values / base if base else np.full_like(values, np.nan)
    return values


def positions(curve: Curve, axis: XAxis) -> Floats:
    """``[N]`` positions of a curve's points on the horizontal axis."""
    return (curve.axis or axis).place(np.asarray(curve.steps, dtype=np.float64))


def _points(curve: Curve, snapshot: Snapshot) -> tuple[Floats, Floats]:
    options = (snapshot.axis, snapshot.values, snapshot.epoch_steps, snapshot.log_x)
    return curve.cached("points", options, lambda: _compute_points(curve, snapshot))


def _compute_points(curve: Curve, snapshot: Snapshot) -> tuple[Floats, Floats]:
    x = positions(curve, snapshot.axis)
    values = shown_values(curve, snapshot.values, snapshot.epoch_steps)
    if not snapshot.log_x:
        return x, values
    first = int(np.searchsorted(x, 0.0, "right"))
    return np.log10(x[first:]), values[first:]


def _x_limits(xs: Iterable[Floats], snapshot: Snapshot) -> tuple[float, float]:
    ends = [(float(x[0]), float(x[-1])) for x in xs if x.size]
    if snapshot.log_x:
        low, high = min((start for start, _ in ends), default=0.0), max((end for _, end in ends), default=1.0)
    else:
        high = max((end for _, end in ends), default=0.0)
        if snapshot.until > 0:
            high = max(high, fitted_end(high, float(snapshot.axis.place(np.array([snapshot.until]))[0])))
        low = min((start for start, _ in ends), default=0.0)
        low = 0.0 if 0 <= low <= 0.4 * high else low
    automatic = (low, high) if high > low else (low, low + 1.0)
    return _with_limits(automatic, snapshot.limits.left, snapshot.limits.right, log=snapshot.log_x)


def _with_limits(
    automatic: tuple[float, float], low: float | None, high: float | None, *, log: bool
) -> tuple[float, float]:
    """Ends of an axis: those a person has set, else the automatic ones, if they still are an interval."""
    ends = [None if end is None or (log and end <= 0) else math.log10(end) if log else end for end in (low, high)]
    start, stop = (own if own is not None else fallback for own, fallback in zip(ends, automatic, strict=True))
    if start < stop:
        return start, stop
    # A set end beyond all curves: show as much as the curves span.
    span = automatic[1] - automatic[0]
    return (start, start + span) if ends[0] is not None else (stop - span, stop)


def fitted_end(reached: float, planned: float) -> float:
    """End of the horizontal axis of a growing curve: the planned end, halved as long as the curve fits.

    So the curve fills at least half of the plot, and the axis changes only when the curve has doubled.
    """
    if not 0 < reached < planned:
        return planned
    return planned / 2.0 ** (math.ceil(math.log2(planned / reached)) - 1)


def _line(curve: Curve, x: Floats, raw: Floats, view: tuple[float, float], snapshot: Snapshot) -> Line:
    points = (snapshot.axis, snapshot.values, snapshot.epoch_steps, snapshot.log_x, snapshot.smoothing)
    options = (*points, view, snapshot.columns, snapshot.log_y, snapshot.raw)

    def compute() -> Line:
        weight = snapshot.smoothing if curve.smoothed and not curve.faint else 0.0
        main = curve.cached("main", points, lambda: smooth(raw, weight))
        return _decimated(x, raw, main, view, snapshot)

    return curve.cached("line", options, compute)


def _decimated(x: Floats, raw: Floats, main: Floats, view: tuple[float, float], snapshot: Snapshot) -> Line:
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
