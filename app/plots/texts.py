"""Numbers as people read them; no Qt here."""

from __future__ import annotations

import math


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
