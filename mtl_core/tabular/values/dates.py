"""Parse dates and times of day as numbers: days since 1970-01-01 (UTC), or hours since midnight."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mtl_core.tabular.arrow import arrow, compute
from mtl_core.tabular.values.numerals import Counts, Flags, Floats

DateOrder = Literal["ymd", "dmy", "mdy", "time"]
_TIME = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?P<rest>(?::[0-9]{2}(?:[.,][0-9]+)?)?) ?(?P<half>(?:[aApP]\.?[mM]\.?)?)"
)
_ZONE = r" ?(?P<zone>(?:Z|UTC|GMT|[-+][0-9]{2}:?[0-9]{2})?)"
_CLOCK_AND_END = rf"(?:[T ,]+{_TIME}{_ZONE})?"
_CLOCK = _CLOCK_AND_END + "$"
_NAMES = r"(?i:(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?)"
_YEAR = r"(?P<year>[0-9]{4}|[0-9]{2})"
_DAY = r"(?P<{}>[0-9]{{1,2}})"
_YMD = rf"^(?P<year>[0-9]{{4}})[-/.] ?{_DAY.format('month')}(?:[-/.] ?{_DAY.format('day')}\.?{_CLOCK_AND_END})?$"
_THREE = rf"^{_DAY.format('first')}(?P<mark>[-/.]) ?{_DAY.format('second')}[-/.] ?{_YEAR}{_CLOCK}"
_DAY_NAME = rf"^{_DAY.format('day')}(?:\.|st|nd|rd|th)?[- ]{_NAMES}[-, ]+{_YEAR}{_CLOCK}"
_NAME_DAY = rf"^{_NAMES} {_DAY.format('day')}(?:st|nd|rd|th)?,? {_YEAR}{_CLOCK}"
_ONLY_TIME = rf"^{_TIME}$"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MARKS = re.compile(
    r"^[0-9]+[-/.] ?[0-9]+[-/.]|^[0-9]{4}[-/][0-9]{1,2}$|^[0-9]{1,2}:[0-9]{2}"
    r"|^(?:[0-9]{1,2}.{1,3})?(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
)
_SAMPLE = 50
_PIVOT = 69  # years of two digits from this on are of the last century, as in POSIX


@dataclass(frozen=True, eq=False)
class Dates:
    """U distinct texts as dates or times of day.

    Attributes:
        values: ``[U]`` days since 1970-01-01 or hours since midnight, NaN where a text is neither.
        order: The order of day, month and year; ``time`` for times of day.
        order_is_certain: Whether the texts allow this order only.
    """

    values: Floats
    order: DateOrder
    order_is_certain: bool = True


def read_dates(texts: Sequence[str], counts: Counts, order: str = "") -> Dates | None:
    """Parse the distinct texts of a column as dates or times; None where hardly any of them is one.

    Of the two orders of day and month the one is taken in which more cells are dates. Where that decides nothing, the
    day comes first before dots and hyphens, the month before slashes.

    Args:
        texts: ``U`` trimmed texts.
        counts: ``[U]`` numbers of cells.
        order: The order in the data that a model was trained on, for new rows; else empty.
    """
    if order not in get_args(DateOrder):
        order = ""
    if not order and not _look_like_dates(texts):
        return None
    array = arrow().array(texts, arrow().string())
    candidates = [_read_times(array)] if order in ("", "time") else []
    if order != "time":
        candidates += [_read_pattern(array, _YMD), _read_day_and_month(array, counts, order)]
        candidates += [_read_pattern(array, pattern) for pattern in (_DAY_NAME, _NAME_DAY)]
    best = max(candidates, key=lambda dates: int(counts[~np.isnan(dates.values)].sum()))
    return best if not np.isnan(best.values).all() else None


def date_text(value: float, order: str) -> str:
    """Format a number that was read from a date as ISO text, from a time as hours and minutes.

    Args:
        value: The number.
        order: The order of the dates, or ``time``.
    """
    if order == "time":
        seconds = round(value * 3600)
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}" + (f":{seconds % 60:02d}" if seconds % 60 else "")
    moment = np.datetime64("1970-01-01T00:00:00", "s") + np.timedelta64(round(value * 86400), "s")
    text = str(moment)
    return text.removesuffix("T00:00:00").replace("T", " ")


def typed_dates(cells: Any) -> Floats:
    """Convert cells with a date as dtype to days since 1970-01-01 (UTC)."""
    moments = cells.dt.tz_convert("UTC").dt.tz_localize(None) if getattr(cells.dtype, "tz", None) else cells
    values: Floats = moments.to_numpy("datetime64[us]").astype(np.int64) / 86_400e6
    return np.where(moments.isna().to_numpy(), np.nan, values)


def _look_like_dates(texts: Sequence[str]) -> bool:
    """Whether most of a few texts look like dates or times, which is faster than to parse all of them."""
    step = max(len(texts) // _SAMPLE, 1)
    sample = texts[::step][:_SAMPLE]
    return sum(_MARKS.search(text[:40]) is not None for text in sample) * 2 > len(sample)


def _extract(array: Any, pattern: str) -> tuple[Flags, dict[str, NDArray[Any]]]:
    """Which texts match a pattern, and the texts of its named groups, empty where a text does not match."""
    pc = compute()
    groups = pc.extract_regex(array, pattern)
    names = [groups.type.field(i).name for i in range(groups.type.num_fields)]
    matched = np.asarray(pc.is_valid(groups).to_numpy(zero_copy_only=False), np.bool_)
    return matched, {name: groups.field(name).fill_null("").to_numpy(zero_copy_only=False) for name in names}


def _integers(texts: NDArray[Any], matched: Flags) -> NDArray[np.int64]:
    """The whole numbers in the texts of a group, 0 where it is empty."""
    return np.where(matched & (texts != ""), texts, "0").astype(np.int64)


def _hours(groups: dict[str, NDArray[Any]], matched: Flags) -> Floats:
    """The time of day in hours, NaN where there is no such time; 0 where none is given."""
    hour, minute = _integers(groups["hour"], matched), _integers(groups["minute"], matched)
    seconds = [text[1:].replace(",", ".") or "0" for text in groups["rest"]]
    second = np.array(seconds, object).astype(np.float64)
    half = np.array([text[:1].lower() for text in groups["half"]])
    hour = np.where((half == "p") & (hour < 12), hour + 12, np.where((half == "a") & (hour == 12), 0, hour))
    possible = matched & (hour <= 24) & (minute < 60) & (second < 61)
    return np.where(possible, hour + minute / 60 + second / 3600, np.nan)


def _read_times(array: Any) -> Dates:
    matched, groups = _extract(array, _ONLY_TIME)
    return Dates(_hours(groups, matched), "time")


def _read_pattern(array: Any, pattern: str) -> Dates:
    """Parse dates in a pattern that says itself which group is the day and which the month."""
    matched, groups = _extract(array, pattern)
    if "name" in groups:
        month = np.array([_MONTHS.index(text.lower()) + 1 if text else 0 for text in groups["name"]], np.int64)
    else:
        month = _integers(groups["month"], matched)
    day = np.where(groups["day"] == "", 1, _integers(groups["day"], matched))  # a month alone is its first day
    return Dates(_days(groups, matched, month, day), "ymd")


def _read_day_and_month(array: Any, counts: Counts, order: str) -> Dates:
    """Parse dates of day, month and year, or of month, day and year."""
    matched, groups = _extract(array, _THREE)
    first, second = _integers(groups["first"], matched), _integers(groups["second"], matched)
    by_order: dict[DateOrder, Floats] = {
        "dmy": _days(groups, matched, second, first),
        "mdy": _days(groups, matched, first, second),
    }
    cells = {name: int(counts[~np.isnan(values)].sum()) for name, values in by_order.items()}
    if cells["dmy"] != cells["mdy"]:
        best: DateOrder = "dmy" if cells["dmy"] > cells["mdy"] else "mdy"
        return Dates(by_order[best], best)
    slashes = bool((groups["mark"][matched] == "/").any())
    best = "mdy" if order == "mdy" or (not order and slashes) else "dmy"
    return Dates(by_order[best], best, order_is_certain=bool(order) or bool((first == second).all()))


def _days(groups: dict[str, NDArray[Any]], matched: Flags, month: NDArray[np.int64], day: NDArray[np.int64]) -> Floats:
    """Days since 1970-01-01, NaN where there is no such date."""
    year = _integers(groups["year"], matched)
    has_two_digits = np.array([len(text) == 2 for text in groups["year"]])
    year = np.where(has_two_digits, year + np.where(year < _PIVOT, 2000, 1900), year)
    start = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = start.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    possible = matched & (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == start)
    hours = np.where(groups["hour"] == "", 0.0, _hours(groups, matched))
    return np.where(possible, days.astype(np.int64) + (hours - _offset(groups["zone"])) / 24, np.nan)


def _offset(zones: NDArray[Any]) -> Floats:
    """Hours that time zones are ahead of UTC."""
    digits = [text.replace(":", "") for text in zones]
    hours = [
        float(f"{text[0]}1") * (int(text[1:3]) + int(text[3:5]) / 60) if len(text) == 5 else 0.0 for text in digits
    ]
    return np.array(hours)
