"""Parts of dates and times as columns of their own: year, month, weekday, hour, and the time since 1970.

The year and the time since 1970 are numbers, in days; month, weekday and hour are categories, since December comes
before January.
"""

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec.data.dataset import DATE_PARTS, DatePart
from mtl_core.tabular.column import Column
from mtl_core.tabular.values.numerals import Floats

_DAY, _HOUR = 86400, 3600
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIRST_WEEKDAY = 3
"""The weekday of 1970-01-01, from Monday."""


def date_part(column: Column, part: str) -> Column:
    """The part of each date or time of a column, as a column of the same name."""
    if part == "elapsed":
        return column
    present = column.present
    values = np.where(present, column.numbers, 0.0)
    days, seconds = _split(values, is_time=column.format.dates == "time")
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    if part == "year":
        years = np.where(present, 1970 + months // 12, np.nan)
        return Column(column.name, "numeric", years, np.full(len(years), -1, np.int64))
    codes, texts = {
        "month": (months % 12, _texts(1, 12)),
        "weekday": ((days + _FIRST_WEEKDAY) % 7, _WEEKDAYS),
        "hour": (np.minimum(seconds // _HOUR, 23), _texts(0, 24)),
    }[part]
    numbers = np.full(len(values), np.nan)
    return Column(column.name, "categorical", numbers, np.where(present, codes, -1).astype(np.int64), texts)


def varying_parts(column: Column) -> tuple[DatePart, ...]:
    """The parts of dates that are not the same in all rows, and the time elapsed; none of times of day and no dates."""
    if column.format.dates in ("", "time"):
        return ()
    return tuple(part for part in DATE_PARTS if part == "elapsed" or _varies(date_part(column, part)))


def _varies(column: Column) -> bool:
    values = (column.numbers if column.type == "numeric" else column.codes)[column.present]
    return bool((values != values[:1]).any())


def _texts(first: int, count: int) -> tuple[str, ...]:
    return tuple(str(first + i) for i in range(count))


def _split(values: Floats, *, is_time: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Whole days since 1970-01-01 and seconds of the day, from days; a time of day is in hours."""
    seconds = np.rint(values * (_HOUR if is_time else _DAY)).astype(np.int64)
    return seconds // _DAY, seconds % _DAY
