"""Numbers as people read them; no Qt here."""

from __future__ import annotations

import math
from collections.abc import Sequence

_THOUSANDS = ("", "k", "M", "G", "T")
_COMPACT_FROM = 1e5
"""From here on axes write 120k in place of 120 000."""


def number(value: float, digits: int = 3) -> str:
    """A value for a header or a read-out: a few significant digits, at most nine characters."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size and (size < 10**-digits or size >= 1e6):
        return f"{value:.2e}".replace("e-0", "e-").replace("e+0", "e").replace("-", "−")
    if size >= 1000:
        return grouped(value)
    places = digits if size < 10 else digits - 1 if size < 100 else 1
    return f"{value:.{places}f}".replace("-", "−")


def grouped(value: float) -> str:
    """A whole number with thin spaces between thousands."""
    return f"{value:,.0f}".replace(",", "\u2009").replace("-", "−")


def scientific(value: float) -> str:
    """A number of any size for an axis: plain near one, else with a power of ten."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:g}".replace("-", "−")
    mantissa, _, power = f"{value:.2e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}".replace("-", "−")


def tick_texts(values: Sequence[float], spacing: float) -> list[str]:
    """Numbers along an axis, ``spacing`` apart, all with the decimals they need and the same unit."""
    largest = max((abs(value) for value in values), default=0.0)
    group = 0 if largest < _COMPACT_FROM else int(math.log10(largest) // 3)
    if group >= len(_THOUSANDS):
        return [scientific(value) for value in values]
    unit = 1000.0**group
    places = _decimals(spacing / unit)
    if places is None:
        return [scientific(value) for value in values]
    texts = [grouped(value / unit) if places == 0 else f"{value / unit:.{places}f}" for value in values]
    return [_signed(text) + (_THOUSANDS[group] if value else "") for text, value in zip(texts, values, strict=True)]


def _signed(text: str) -> str:
    return text.replace("-", "−")


def _decimals(spacing: float) -> int | None:
    """How many decimals tell numbers apart that are ``spacing`` apart; None for more than four."""
    return next((p for p in range(5) if abs(round(spacing, p) - spacing) < 1e-9 * spacing), None)
