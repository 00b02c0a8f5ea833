"""Marks of the best value of a row, by statistical significance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from mtl_core.analysis.statistics import Spread, student_t

Mark = Literal["", "leading", "best"]
"""``leading``: the highest or lowest of single values. ``best``: better than every other beyond chance."""
_LEVEL = 0.95


def marks(columns: Sequence[Spread], direction: str) -> tuple[Mark, ...]:
    """The mark of each column of a row.

    Where every column has one value, the best value leads and nothing is claimed of chance. Where columns have several
    values, of different seeds, the one with the best mean is marked only if it differs from every other by Welch's
    t-test at 95 % (Welch 1947), the level divided by the number of comparisons (Bonferroni); a column with one value
    cannot be judged, so beside one nothing is marked.

    Args:
        columns: The values of each column; none where it has none.
        direction: ``min``, ``max`` or nothing.
    """
    none: tuple[Mark, ...] = tuple("" for _ in columns)
    filled = [column for column in columns if column]
    means = [column.mean for column in filled]
    if direction not in ("min", "max") or len(filled) < 2 or min(means) == max(means):
        return none
    best = min(means) if direction == "min" else max(means)
    if all(len(column.values) == 1 for column in filled):
        return tuple("leading" if column and column.mean == best else "" for column in columns)
    winner = next(index for index, column in enumerate(columns) if column and column.mean == best)
    rivals = [column for index, column in enumerate(columns) if column and index != winner]
    level = 1 - (1 - _LEVEL) / len(rivals)
    if not all(differs(columns[winner], other, level) for other in rivals):
        return none
    return tuple("best" if index == winner else "" for index in range(len(columns)))


def cheapest(values: Sequence[float]) -> tuple[bool, ...]:
    """Whether each value is the lowest; none is if all are equal. NaN is ignored."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2 or min(finite) == max(finite):
        return (False,) * len(values)
    return tuple(value == min(finite) for value in values)


def differs(first: Spread, second: Spread, level: float = _LEVEL) -> bool:
    """Whether two means differ by Welch's t-test; never for fewer than two values on a side."""
    if min(len(first.values), len(second.values)) < 2:
        return False
    parts = [spread.sd**2 / len(spread.values) for spread in (first, second)]
    gap, error = abs(first.mean - second.mean), math.sqrt(math.fsum(parts))
    if error == 0:
        return gap > 0
    weights = [part**2 / (len(spread.values) - 1) for part, spread in zip(parts, (first, second), strict=True)]
    freedom = max(math.floor(math.fsum(parts) ** 2 / math.fsum(weights)), 1)  # rounded down: on the safe side
    return gap / error > student_t(freedom, level)


def rule_text(columns: int, *, grouped: bool) -> str:
    """Legend of the marks in the table; empty if nothing can be marked.

    Args:
        columns: Number of columns.
        grouped: Whether runs of several seeds share a column.
    """
    if columns < 2:
        return ""
    if not grouped:
        return "Bold: the best single run. One run per column says nothing about chance; several seeds do."
    return (
        "Green: better than every other column beyond the spread of the seeds (Welch's t-test, 95 %, Bonferroni). "
        "Within the spread, and beside a column of one seed, nothing is marked."
    )
