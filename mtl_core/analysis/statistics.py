"""Mean, standard deviation and confidence interval of repeated measurements; without SciPy, which starts slowly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

LEVEL = 0.95


@dataclass(frozen=True)
class Spread:
    """Mean, standard deviation and confidence interval of repeated measurements.

    Attributes:
        values: The finite measurements, in the order given.
    """

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Create from values; NaN and infinities are left out."""
        return cls(tuple(float(value) for value in values if math.isfinite(value)))

    def __bool__(self) -> bool:
        return bool(self.values)

    @property
    def mean(self) -> float:
        """The mean; NaN without values."""
        return math.fsum(self.values) / len(self.values) if self.values else math.nan

    @property
    def sd(self) -> float:
        """The sample standard deviation (divided by n - 1); NaN for fewer than two values."""
        if len(self.values) < 2:
            return math.nan
        mean = self.mean
        return math.sqrt(math.fsum((value - mean) ** 2 for value in self.values) / (len(self.values) - 1))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the mean by Student's t (1908); NaN for fewer than two values."""
        if len(self.values) < 2:
            return math.nan, math.nan
        half = student_t(len(self.values) - 1) * self.sd / math.sqrt(len(self.values))
        return self.mean - half, self.mean + half

    def text(self) -> str:
        """Format mean and standard deviation, with two significant digits of the latter: ``0.9563 ± 0.0031``."""
        if not self.values:
            return "—"
        mean, sd = self.mean, self.sd
        if not sd > 0:
            return f"{mean:.4g}" + ("" if math.isnan(sd) else " ± 0")
        if sd >= 1e6 or sd < 1e-6:
            return f"{mean:.3e} ± {sd:.1e}"
        decimals = max(0, 1 - math.floor(math.log10(sd)))
        return f"{mean:.{decimals}f} ± {sd:.{decimals}f}"

    def percent_text(self) -> str:
        """Format mean and standard deviation of fractions in percent, with a sign: ``+1.20 % ± 0.31``."""
        if not self.values:
            return "—"
        return f"{100 * self.mean:+.2f} %" + ("" if math.isnan(self.sd) else f" ± {100 * self.sd:.2f}")

    def data(self) -> dict[str, float | int | list[float] | None]:
        """Return the statistics as plain data; None for those that are undefined."""
        low, high = self.interval
        numbers = {"mean": self.mean, "sd": self.sd, "low": low, "high": high}
        defined = {name: None if math.isnan(value) else value for name, value in numbers.items()}
        return {"n": len(self.values), **defined, "values": list(self.values)}


@cache
def student_t(freedom: int, level: float = LEVEL) -> float:
    """Return the two-sided quantile of Student's distribution: t with P(-t < T < t) = ``level``.

    Args:
        freedom: Degrees of freedom, at least 1.
        level: Probability, between 0 and 1.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _central_probability(middle, freedom) < level else (low, middle)
    return math.sqrt(freedom) * math.tan((low + high) / 2)


def student_p(t: float, freedom: int) -> float:
    """Return the two-sided probability of Student's distribution beyond a value: P(|T| > |t|).

    Args:
        t: The value.
        freedom: Degrees of freedom, at least 1.
    """
    return max(1 - _central_probability(math.atan(abs(t) / math.sqrt(freedom)), freedom), 0.0)


def _central_probability(angle: float, freedom: int) -> float:
    """Return P(-t < T < t) of Student's distribution, t = √freedom · tan(angle).

    By the finite sums for whole degrees of freedom: Abramowitz & Stegun (1964), 26.7.3 and 26.7.4.
    """
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = term if freedom > 1 else 0.0
    for k in range(2 + odd, freedom - 1, 2):
        term *= cosine * cosine * (k - 1) / k
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
