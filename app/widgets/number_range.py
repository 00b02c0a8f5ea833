"""Bounded numbers: parsing, formatting, stepping and validation; without Qt."""

import math
import re
from dataclasses import dataclass
from typing import Any

_SERIES = (1.0, 2.0, 5.0)
_PARTIAL = re.compile(r"[-+]?\d*\.?\d*([eE][-+]?\d*)?")


@dataclass(frozen=True)
class NumberRange:
    """Bounds of a number; an open bound is not itself allowed. With ``log`` it steps by a factor."""

    integer: bool
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    log: bool = False

    def contains(self, number: float) -> bool:
        """Whether ``number`` is finite and within the bounds."""
        low, high = self.low, self.high
        above = low is None or number > low or (number == low and not self.low_open)
        below = high is None or number < high or (number == high and not self.high_open)
        return math.isfinite(number) and above and below

    def nearest(self, number: float) -> float:
        """``number`` itself, or the nearest number within the bounds."""
        if self.contains(number):
            return number
        low, high = self.low, self.high
        if low is not None and number <= low:
            number = low if not self.low_open else (low + 1 if self.integer else self._inside(low, 1))
        elif high is not None:
            number = high if not self.high_open else self._inside(high, -1)
        return int(number) if self.integer else number

    def step(self, number: float, direction: int, size: float = 0.0) -> float:
        """The next round number up (1) or down (-1), even out of bounds; ``size`` is a fixed step."""
        if self.log:
            return _next_power_of_two(number, direction) if self.integer else _next_round(number, direction)
        if self.integer:
            return int(number) + direction * int(size or 1)
        span = (self.high or 0) - (self.low or 0)
        size = size or (0.05 if 0 < span <= 1 else 0.1)
        return float(f"{number + direction * size:.10g}")

    def refusal(self, text: str) -> str:
        """Why ``text`` is not a number within the bounds; empty when it is."""
        number = read_number(text, integer=self.integer)
        if number is not None and self.contains(number):
            return ""
        if not text.strip():
            return f"A number is missing: {self._text()}."
        if "," in text:
            return f"“{text}”: write decimals with a point and thousands without a mark."
        if number is None and self.integer and read_number(text, integer=False) is not None:
            return f"{text} is not a whole number."
        return f"“{text}” is not a number." if number is None else f"{text} is out of range: {self._text()}."

    def is_partial(self, text: str) -> bool:
        """Whether ``text`` can become a number within the bounds by typing on."""
        if not _PARTIAL.fullmatch(text):
            return False
        number = read_number(text, integer=False)
        if text.startswith("-") and self.low is not None and self.low >= 0:
            return False
        return number is None or self.high is None or abs(number) <= max(abs(self.high), abs(self.low or 0))

    def _text(self) -> str:
        low, high = (None if bound is None else number_text(bound) for bound in (self.low, self.high))
        parts = []
        if low is not None:
            parts.append(f"above {low}" if self.low_open else f"{low} or more")
        if high is not None:
            parts.append(f"below {high}" if self.high_open else f"at most {high}")
        return ", ".join(parts) or "any finite number"

    def _inside(self, bound: float, direction: int) -> float:
        return float(f"{bound + direction * (1e-6 if self.log else 0.01):.6g}")


def read_number(text: str, *, integer: bool) -> float | None:
    """The number in ``text``, independent of the locale; spaces between thousands are allowed. None when invalid."""
    compact = re.sub(r"\s", "", text).replace("\u2212", "-")
    if "_" in compact:
        return None
    try:
        return int(compact) if integer else float(compact)
    except ValueError:
        pass
    try:  # 1e3 and 20.0 are integers too
        number = float(compact)
    except ValueError:
        return None
    return int(number) if math.isfinite(number) and number == int(number) else None


def number_text(value: Any) -> str:
    """A number as it would be typed: 20, 0.001, 1e-05."""
    if isinstance(value, float) and value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _next_power_of_two(number: float, direction: int) -> float:
    """The next power of two up (1) or down (-1)."""
    if number < 1:
        return 1 if direction > 0 else 0
    power = math.floor(math.log2(number)) + 1 if direction > 0 else math.ceil(math.log2(number)) - 1
    return 2**power if power >= 0 else 0


def _next_round(number: float, direction: int) -> float:
    """The next of …, 0.001, 0.002, 0.005, 0.01, …; below 1e-6 there is only 0."""
    if number <= 0:
        return 1e-6 if direction > 0 else number
    power = math.floor(math.log10(number))
    candidates = [s * 10.0**p for p in (power - 1, power, power + 1) for s in _SERIES]
    if direction > 0:
        return float(f"{min(c for c in candidates if c > number * 1.0001):.6g}")
    below = float(f"{max(c for c in candidates if c < number * 0.9999):.6g}")
    return below if below >= 1e-12 else 0.0
