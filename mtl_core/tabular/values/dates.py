"""Dates and times of day as numbers: days since 1970-01-01 (UTC), or hours since midnight."""

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
_PIVOT = 69  # two digits from here on are of the last century, as in POSIX


@dataclass(frozen=True, eq=False)
class Dates:
    """What dates U different texts are.

    Attributes:
        values: ``[U]`` days since 1970-01-01 or hours since midnight, NaN where it is neither.
        order: How day, month and year follow each other; ``time`` for times of day.
        settled: Whether the texts themselves decide the order.
    """

    values: Floats
    order: DateOrder
    settled: bool = True


def read_dates(texts: Sequence[str], counts: Counts, order: str = "") -> Dates | None:
    """The dates in different texts; None where few of them are any.

    Day and month stand in the order in which all are possible. Where both orders are, it is day first behind dots and
    hyphens and month first behind slashes.

    Args:
        texts: ``U`` trimmed texts.
        counts: ``[U]`` cells that hold each.
        order: That of the data a model was trained on, for new rows.
    """
    if order not in get_args(DateOrder):
        order = ""
    if not order and not _likely(texts):
        return None
    array = arrow().array(texts, arrow().string())
    found = [_times(array)] if order in ("", "time") else []
    if order != "time":
        found += [_parts(array, _YMD, "ymd"), _ordered(array, counts, order)]
        found += [_parts(array, pattern, "ymd") for pattern in (_DAY_NAME, _NAME_DAY)]
    best = max(found, key=lambda dates: int(counts[~np.isnan(dates.values)].sum()))
    return best if not np.isnan(best.values).all() else None


def date_text(value: float, order: str) -> str:
    """A number that was a date, as ISO text; of a time, hours and minutes."""
    if order == "time":
        seconds = round(value * 3600)
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}" + (f":{seconds % 60:02d}" if seconds % 60 else "")
    moment = np.datetime64("1970-01-01T00:00:00", "s") + np.timedelta64(round(value * 86400), "s")
    text = str(moment)
    return text.removesuffix("T00:00:00").replace("T", " ")


def typed_dates(cells: Any) -> Floats:
    """Cells of a column that is typed as dates: days since 1970-01-01 (UTC)."""
    moments = cells.dt.tz_convert("UTC").dt.tz_localize(None) if getattr(cells.dtype, "tz", None) else cells
    values: Floats = moments.to_numpy("datetime64[us]").astype(np.int64) / 86_400e6
    return np.where(moments.isna().to_numpy(), np.nan, values)


def _likely(texts: Sequence[str]) -> bool:
    """Whether most of a few texts hold a date's or a time's marks, before all of them are looked at."""
    step = max(len(texts) // _SAMPLE, 1)
    sample = texts[::step][:_SAMPLE]
    return sum(_MARKS.search(text[:40]) is not None for text in sample) * 2 > len(sample)


def _extract(array: Any, pattern: str) -> dict[str, NDArray[Any]]:
    pc = compute()
    parts = pc.extract_regex(array, pattern)
    names = [parts.type.field(i).name for i in range(parts.type.num_fields)]
    there = pc.is_valid(parts).to_numpy(zero_copy_only=False)
    columns = {name: parts.field(name).fill_null("").to_numpy(zero_copy_only=False) for name in names}
    return {**columns, "there": there}


def _number(texts: NDArray[Any], there: Flags) -> NDArray[np.int64]:
    return np.where(there & (texts != ""), texts, "0").astype(np.int64)


def _hours(parts: dict[str, NDArray[Any]]) -> Floats:
    """The time of day in hours, NaN where it is none; 0 where none is given."""
    there = np.asarray(parts["there"], np.bool_)
    hour, minute = _number(parts["hour"], there), _number(parts["minute"], there)
    seconds = [text[1:].replace(",", ".") or "0" for text in parts["rest"]]
    second = np.array(seconds, object).astype(np.float64)
    half = np.array([text[:1].lower() for text in parts["half"]])
    hour = np.where((half == "p") & (hour < 12), hour + 12, np.where((half == "a") & (hour == 12), 0, hour))
    possible = there & (hour <= 24) & (minute < 60) & (second < 61)
    return np.where(possible, hour + minute / 60 + second / 3600, np.nan)


def _times(array: Any) -> Dates:
    return Dates(_hours(_extract(array, _ONLY_TIME)), "time")


def _parts(array: Any, pattern: str, order: DateOrder) -> Dates:
    parts = _extract(array, pattern)
    there = np.asarray(parts["there"], np.bool_)
    if "name" in parts:
        month = np.array([_MONTHS.index(text.lower()) + 1 if text else 0 for text in parts["name"]], np.int64)
    else:
        month = _number(parts["month"], there)
    day = np.where(parts["day"] == "", 1, _number(parts["day"], there))  # a month alone is its first day
    return Dates(_days(parts, there, month, day), order)


def _ordered(array: Any, counts: Counts, order: str) -> Dates:
    """Dates of day, month and year, or month, day and year."""
    parts = _extract(array, _THREE)
    there = np.asarray(parts["there"], np.bool_)
    first, second = _number(parts["first"], there), _number(parts["second"], there)
    by_order: dict[DateOrder, Floats] = {
        "dmy": _days(parts, there, second, first),
        "mdy": _days(parts, there, first, second),
    }
    cells = {name: int(counts[~np.isnan(values)].sum()) for name, values in by_order.items()}
    if cells["dmy"] != cells["mdy"]:
        best: DateOrder = "dmy" if cells["dmy"] > cells["mdy"] else "mdy"
        return Dates(by_order[best], best)
    slashes = bool((parts["mark"][there] == "/").any())
    best = "mdy" if order == "mdy" or (not order and slashes) else "dmy"
    return Dates(by_order[best], best, settled=bool(order) or bool((first == second).all()))


def _days(parts: dict[str, NDArray[Any]], there: Flags, month: NDArray[np.int64], day: NDArray[np.int64]) -> Floats:
    year = _number(parts["year"], there)
    short = np.array([len(text) == 2 for text in parts["year"]])
    year = np.where(short, year + np.where(year < _PIVOT, 2000, 1900), year)
    start = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = start.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    possible = there & (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == start)
    hours = np.where(parts["hour"] == "", 0.0, _hours(parts))
    return np.where(possible, days.astype(np.int64) + (hours - _offset(parts["zone"])) / 24, np.nan)


def _offset(zones: NDArray[Any]) -> Floats:
    """Hours that a time is ahead of UTC."""
    digits = [text.replace(":", "") for text in zones]
    hours = [
        float(f"{text[0]}1") * (int(text[1:3]) + int(text[3:5]) / 60) if len(text) == 5 else 0.0 for text in digits
    ]
    return np.array(hours)
