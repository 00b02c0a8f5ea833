"""Numbers, durations, times, shapes and run states as the window shows them; free of Qt."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from mtl_core.text import group_digits

Tone = Literal["neutral", "muted", "accent", "good", "warning", "error"]
"""Color scheme of a chip or notice; :class:`app.widgets.Chip` paints it."""

STATE_LABELS: dict[str, tuple[str, Tone]] = {
    "queued": ("Queued", "muted"),
    "running": ("Running", "accent"),
    "paused": ("Paused", "warning"),
    "finished": ("Finished", "good"),
    "stopped": ("Stopped", "muted"),
    "failed": ("Failed", "error"),
    "interrupted": ("Interrupted", "warning"),
}
"""Label and chip tone of each run state."""

_SI_PREFIXES = ("", "k", "M", "G", "T")
_SI_PREFIX_FROM = 1e5
"""Axis ticks from here on have an SI prefix: 120k in place of 120 000."""


def format_duration(seconds: float) -> str:
    """Format a duration in its two largest units: ``0.8 s``, ``1 min 10 s``, ``2 d 7 h``; ``""`` for none."""
    if seconds <= 0:
        return ""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def format_remaining_time(seconds: float) -> str:
    """Format an estimated remaining time, rounded to 1 s below a minute, 5 s below ten, and minutes above."""
    step = 1 if seconds < 60 else 5 if seconds < 600 else 60
    whole = step * round(max(seconds, 0.0) / step)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def format_timestamp(time: float | None, now: float) -> str:
    """Format a Unix timestamp in local time, shorter the nearer it is to ``now``; ``""`` for none."""
    if time is None:
        return ""
    at, today = datetime.fromtimestamp(time), datetime.fromtimestamp(now)
    if at.date() == today.date():
        return f"Today {at:%H:%M}"
    if at.date() == (today - timedelta(days=1)).date():
        return f"Yesterday {at:%H:%M}"
    return f"{at:%d %b %H:%M}" if at.year == today.year else f"{at:%Y-%m-%d}"


def format_metric(value: float | None) -> str:
    """Format a metric with enough decimals to tell two good runs apart: ``0.9731``, ``123.46``; ``""`` for none."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return _format_non_finite(value)
    size = abs(value)
    text = f"{value:.4f}" if size < 10 else f"{value:.2f}" if size < 10_000 else f"{value:.4g}"
    if 0 < size < 0.001:
        text = f"{value:.2e}"
    return _short_exponent(text)


def format_metric_short(value: float) -> str:
    """Format a metric in about three significant digits: ``0.966``, ``54.2``, ``1230``."""
    if not math.isfinite(value):
        return _format_non_finite(value)
    size = abs(value)
    if 0 < size < 0.001 or size >= 1e6:
        return _short_exponent(f"{value:.0e}")
    return _with_minus_sign(f"{value:.3f}" if size < 10 else f"{value:.1f}" if size < 100 else f"{value:.0f}")


def format_share(share: float, digits: int = 0) -> str:
    """Format a share of the whole in percent: ``43.1 %``."""
    return f"{100 * share:.{digits}f} %"


def format_relative_change(change: float, deviation: float = math.nan) -> str:
    """Format a relative change in percent, with its standard deviation: ``+1.20 ± 0.31 %``; a dash for none."""
    if not math.isfinite(change):
        return "—"
    plus_minus = f" ± {100 * deviation:.2f}" if math.isfinite(deviation) else ""
    return _with_minus_sign(f"{100 * change:+.2f}{plus_minus} %")


def format_quantity(number: int, noun: str) -> str:
    """Format a count with its noun: ``1 row``, ``14 000 rows``."""
    return f"{group_digits(number)} {noun}{'' if number == 1 else 's'}"


def format_count_short(number: int) -> str:
    """Format a count with an SI prefix: 320, 8.3 k, 262 k, 1.2 M."""
    if number < 1000:
        return str(number)
    for size, prefix in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size * 0.9995:
            quotient = number / size
            return f"{quotient:.1f} {prefix}" if quotient < 9.95 else f"{quotient:.0f} {prefix}"
    return str(number)


def format_shape(shape: Sequence[int] | None) -> str:
    """Format the shape of one example: ``32×16×16``, or ``2 048`` for a vector; ``""`` for none."""
    if not shape:
        return ""
    return group_digits(shape[0]) if len(shape) == 1 else "×".join(map(str, shape))


def format_features(shape: Sequence[int] | None) -> str:
    """Format the input of a layer: ``114 features``, or ``32×16×16``."""
    if not shape or len(shape) > 1:
        return format_shape(shape)
    return format_quantity(shape[0], "feature")


def elide_middle(text: str, max_length: int) -> str:
    """Shorten a text in its middle, as names mostly differ at their beginning and end."""
    if len(text) <= max_length:
        return text
    tail = (max_length - 1) // 2
    return f"{text[: max_length - 1 - tail].rstrip()}…{text[-tail:].lstrip()}"


def format_number(value: float, digits: int = 3) -> str:
    """Format a value for a card header or a plot's readout: a few significant digits, at most nine characters."""
    if not math.isfinite(value):
        return _format_non_finite(value)
    size = abs(value)
    if size and (size < 10**-digits or size >= 1e6):
        return _short_exponent(f"{value:.2e}")
    if size >= 1000:
        return group_digits(value)
    places = digits if size < 10 else digits - 1 if size < 100 else 1
    return _with_minus_sign(f"{value:.{places}f}")


def format_scientific(value: float) -> str:
    """Format a number of any size for an axis: fixed point near 1, else with an exponent."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return _with_minus_sign(f"{value:g}")
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    return _with_minus_sign(f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}")


def format_ticks(values: Sequence[float], spacing: float) -> list[str]:
    """Format the ticks of an axis, ``spacing`` apart, with the same decimals and the same SI prefix."""
    largest = max((abs(value) for value in values), default=0.0)
    power = 0 if largest < _SI_PREFIX_FROM else int(math.log10(largest) // 3)
    if power >= len(_SI_PREFIXES):
        return [format_scientific(value) for value in values]
    unit = 1000.0**power
    places = _decimals(spacing / unit)
    if places is None:
        return [format_scientific(value) for value in values]
    texts = [group_digits(value / unit) if places == 0 else f"{value / unit:.{places}f}" for value in values]
    return [
        _with_minus_sign(text) + (_SI_PREFIXES[power] if value else "")
        for text, value in zip(texts, values, strict=True)
    ]


def _decimals(spacing: float) -> int | None:
    """The number of decimals that tells ticks ``spacing`` apart; None if it is more than four."""
    return next((p for p in range(5) if abs(round(spacing, p) - spacing) < 1e-9 * spacing), None)


def _format_non_finite(value: float) -> str:
    return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"


def _short_exponent(text: str) -> str:
    return _with_minus_sign(text.replace("e-0", "e-").replace("e+0", "e"))


def _with_minus_sign(text: str) -> str:
    """Replace ASCII hyphens by minus signs."""
    return text.replace("-", "−")
