"""Curves and Pareto plots as SVG, which a page holds in itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

from mtl_core.analysis.bands import Floats, band

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8A6D00", "#4B4FC4", "#3F8FC4", "#7A4A2B")
"""Hues that people with color blindness tell apart (Okabe & Ito 2008, darkened for lines on white)."""
WIDTH, HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 12, 40
_MAX_POINTS = 300
"""Points drawn of a curve, evenly taken from all of them."""


@dataclass(frozen=True)
class FigureGroup:
    """Curves or points of a group of runs, drawn in one color.

    Attributes:
        title: Its title in the legend.
        color: Index of its color.
        curves: Places and values of each member.
    """

    title: str
    color: int
    curves: tuple[tuple[Floats, Floats], ...]


@dataclass(frozen=True)
class Figure:
    """A plot.

    Attributes:
        title: Its title.
        x_label: Label of the horizontal axis.
        y_label: Label of the vertical axis.
        groups: What it shows.
        points: Whether to draw points rather than lines.
        marked: Places and values of points joined by a line, such as a Pareto front.
        note: What is to be known about it.
    """

    title: str
    x_label: str
    y_label: str
    groups: tuple[FigureGroup, ...]
    points: bool = False
    marked: tuple[tuple[float, float], ...] = field(default=())
    note: str = ""


def figure_svg(figure: Figure) -> str:
    """Draw a figure: lines of single runs thin, the mean over seeds thick with a band of a standard deviation."""
    all_x = np.concatenate([x for group in figure.groups for x, _ in group.curves] or [np.zeros(0)])
    all_y = np.concatenate([y for group in figure.groups for _, y in group.curves] or [np.zeros(0)])
    shown = np.isfinite(all_x) & np.isfinite(all_y)
    if not shown.any():
        return ""
    axes = _Axes(_limits(all_x[shown], margin=figure.points), _limits(all_y[shown], margin=True))
    parts = [axes.svg(figure.x_label, figure.y_label)]
    if figure.marked:
        line = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in figure.marked)
        parts.append(f'<polyline points="{line}" fill="none" stroke="#555555" stroke-dasharray="4 3"/>')
    for group in figure.groups:
        parts.extend(_points_svg(group, axes) if figure.points else _curves_svg(group, axes))
    name = escape(figure.title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" font-family="sans-serif" font-size="12"><title>{name}</title>{"".join(parts)}</svg>'
    )


def legend(groups: Sequence[FigureGroup]) -> list[tuple[str, str]]:
    """Return color and title of each group."""
    return [(COLORS[group.color % len(COLORS)], group.title) for group in groups]


@dataclass(frozen=True)
class _Axes:
    """Two axes: their limits, and where values lie on the picture."""

    x_limits: tuple[float, float]
    y_limits: tuple[float, float]

    def x(self, value: float) -> float:
        low, high = self.x_limits
        return _LEFT + (value - low) / (high - low) * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        low, high = self.y_limits
        return HEIGHT - _BOTTOM - (value - low) / (high - low) * (HEIGHT - _TOP - _BOTTOM)

    def svg(self, x_label: str, y_label: str) -> str:
        parts = []
        for tick, text in _ticks(*self.y_limits):
            y = self.y(tick)
            parts.append(f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#DDDDDD"/>')
            parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#444444">{text}</text>')
        for tick, text in _ticks(*self.x_limits):
            x = self.x(tick)
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}" stroke="#EEEEEE"/>')
            parts.append(
                f'<text x="{x:.1f}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle" fill="#444444">{text}</text>'
            )
        middle = (_LEFT + WIDTH - _RIGHT) / 2
        parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x_label)}</text>')
        parts.append(
            f'<text x="14" y="{HEIGHT / 2 - 14}" text-anchor="middle" '
            f'transform="rotate(-90 14 {HEIGHT / 2 - 14})">{escape(y_label)}</text>'
        )
        return "".join(parts)


def _curves_svg(group: FigureGroup, axes: _Axes) -> list[str]:
    color = COLORS[group.color % len(COLORS)]
    several = band(group.curves)
    parts = []
    if several is not None:
        upper, lower = several.mean + several.sd, several.mean - several.sd
        outline = np.concatenate([several.x, several.x[::-1]]), np.concatenate([upper, lower[::-1]])
        points = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in zip(*outline, strict=True))
        parts.append(f'<polygon points="{points}" fill="{color}" fill-opacity="0.15"/>')
    for x, y in group.curves:
        parts.append(_line(x, y, axes, f'stroke="{color}" stroke-width="{1.6 if several is None else 0.7}"'))
    if several is not None:
        parts.append(_line(several.x, several.mean, axes, f'stroke="{color}" stroke-width="2.2"'))
    return parts


def _line(x: Floats, y: Floats, axes: _Axes, style: str) -> str:
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(x) > _MAX_POINTS:
        taken = np.unique(np.linspace(0, len(x) - 1, _MAX_POINTS).round().astype(int))
        x, y = x[taken], y[taken]
    points = " ".join(f"{axes.x(a):.1f},{axes.y(b):.1f}" for a, b in zip(x, y, strict=True))
    return f'<polyline points="{points}" fill="none" {style}/>'


def _points_svg(group: FigureGroup, axes: _Axes) -> list[str]:
    color = COLORS[group.color % len(COLORS)]
    pairs = [(a, b) for x, y in group.curves for a, b in zip(x, y, strict=True) if np.isfinite([a, b]).all()]
    parts = [f'<circle cx="{axes.x(a):.1f}" cy="{axes.y(b):.1f}" r="3.5" fill="{color}"/>' for a, b in pairs]
    if len(pairs) > 1:
        x, y = (axes.x(float(np.mean([p[0] for p in pairs]))), axes.y(float(np.mean([p[1] for p in pairs]))))
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="none" stroke="{color}" stroke-width="2"/>')
    return parts


def _limits(values: Floats, *, margin: bool) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    if low == high:
        return low - max(abs(low), 1.0) * 0.5, high + max(abs(high), 1.0) * 0.5
    space = (high - low) * 0.06 if margin else 0.0
    return low - space, high + space


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return four to eight round values between two limits, with their texts."""
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step), math.floor(high / step)
    values = [index * step for index in range(first, last + 1)]
    if max(abs(low), abs(high)) >= 1e6 or step < 1e-5:
        return [(value, f"{value:.3g}") for value in values]
    return [(value, f"{value:.{decimals}f}") for value in values]
