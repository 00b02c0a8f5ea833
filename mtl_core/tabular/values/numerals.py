"""Numbers as they are written in different countries and spreadsheets: decimal marks, groups, signs and units.

The rules, per column:

- A cell that can only be read with a decimal comma (``0,331``, ``1.234,56``) or only with a decimal point (``0.5``,
  ``1,234.56``) decides for its column; of both kinds the more frequent one, and the cells of the other are no numbers.
- Where no cell decides (``1,234`` and whole numbers only), the caller's mark is taken.
- Thousands may be grouped by the other mark, spaces or apostrophes. Minus signs, spaces and digits of other scripts are
  read as the ASCII ones; a number in parentheses is negative.
- Zeros before other digits are left away.
- One unit (``%``, a currency, a unit of measurement) is left away. Cells with another one are no numbers, nor are those
  without one beside percentages, unless they are 0.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import DecimalMark
from mtl_core.tabular.arrow import arrow, compute, flags

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

PERCENT = ("%", "‰")
_CURRENCY = (
    r"(?:US|CA|AU|NZ|HK|R|A|C|S)?\$|[€£¥₩₹₽₺₫฿₪₴₦]|USD|EUR|GBP|CHF|JPY|CNY|KRW|INR|SEK|NOK|DKK|PLN|CZK|HUF|RUB|TRY"
    r"|BRL|kr\.?|zł|Kč|Ft|Fr\.|Rs\.?|원|円|元"
)
_UNITS = (
    r"%|‰|°[CFK]?|kg|g|mg|[µμ]g|lbs?|oz|t|km|m|cm|mm|[µμ]m|nm|in|ft|mi|[kcm]?m[²³]|ha|km/h|m/s|mph|s|ms|[µμ]s|ns|sec|min"
    r"|h|hrs?|days?|years?|[kMG]?Hz|[kMG]W|[kMG]?Wh|[mk]V|mA|[kh]?Pa|m?bar|mmHg|m[lL]|[kM]J|k?cal|[KMGT]B|px|bpm|m[gm]/d[lL]"
    r"|mmol/[lL]"
)
_SPACED_UNITS = "[AWVJLlKB]"
"""Single letters, which behind a digit without a space may be part of a name: ``12A``."""
_BODY = r"[.,]?[0-9](?:[0-9.,' ]*[0-9])?[.,]?"
_CELL = (
    rf"^(?P<open>\(?) ?(?P<sign>[-+]?) ?(?P<before>(?:{_CURRENCY})?) ?(?P<inner>[-+]?)(?P<body>{_BODY})"
    rf"(?P<exponent>(?:[eE][-+]?[0-9]+)?) ?(?P<after>(?:{_CURRENCY}|{_UNITS})?)(?P<spaced>(?: {_SPACED_UNITS})?)"
    r"(?P<close>\)?)$"
)
_GROUPS = r"[0-9]{1,3}(?: [0-9]{3})+|[0-9]{1,3}(?:'[0-9]{3})+"
_WHOLE = {
    ".": rf"[0-9]+|[1-9][0-9]{{0,2}}(?:,[0-9]{{3}})+|[1-9][0-9]?(?:,[0-9]{{2}})+,[0-9]{{3}}|{_GROUPS}",
    ",": rf"[0-9]+|[1-9][0-9]{{0,2}}(?:\.[0-9]{{3}})+|{_GROUPS}",
}
_NOTATION = {mark: rf"^(?:(?:{whole})(?:[{mark}][0-9]*)?|[{mark}][0-9]+)$" for mark, whole in _WHOLE.items()}
_PROGRAM = r"^[-+]?(?:0|[1-9][0-9]*)?(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?$"
_INFINITE = r"(?i)^[-+]?inf(?:inity)?$"
_ZEROS = (0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10)
"""Of the digits of Arabic, Persian, Devanagari, Bengali, Thai and full width."""
_PLAIN = {zero + digit: str(digit) for zero in _ZEROS for digit in range(10)}
_PLAIN |= dict.fromkeys((0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
_PLAIN |= dict.fromkeys((*range(0x2010, 0x2014), 0x2212, 0xFE63, 0xFF0D), "-")
_PLAIN |= dict.fromkeys((0x2019, 0x2BC, 0xB4, 0xFF07, 0x66C), "'")
_PLAIN |= {0x66B: ".", 0x66A: "%", 0xFF05: "%", 0xFF0C: ",", 0xFF0E: "."}


@dataclass(frozen=True, eq=False)
class Numerals:
    """The numbers that U different texts are.

    Attributes:
        values: ``[U]``, NaN where it is no number.
        valid: ``[U]``, whether it is a number; it may be infinite.
        decimal: The decimal mark they were read with.
        settled: Whether the texts themselves decide it.
        unsettled: The place of a text that the other decimal mark would make another number of, and that the texts do
            not decide; -1 where there is none.
        unit: What was left away.
        units: All units found.
        converted: The place of a text that says its number otherwise than a program would; -1 where there is none.
    """

    values: Floats
    valid: Flags
    decimal: DecimalMark
    settled: bool
    unsettled: int
    unit: str
    units: tuple[str, ...]
    converted: int


def read_numerals(
    texts: Sequence[str], counts: Counts, *, otherwise: DecimalMark = ".", stated: DecimalMark | None = None
) -> Numerals:
    """The numbers in different texts.

    Args:
        texts: ``U`` trimmed texts.
        counts: ``[U]`` cells that hold each.
        otherwise: The decimal mark where the texts do not decide.
        stated: The decimal mark whatever they say.
    """
    pa, pc = arrow(), compute()

    plain = [text if text.isascii() else text.translate(_PLAIN) for text in texts]
    array = pa.array(plain, pa.string())
    parts = pc.extract_regex(array, _CELL)
    found = flags(pc.is_valid(parts))
    body = parts.field("body")
    fits = {mark: found & flags(pc.match_substring_regex(body, pattern)) for mark, pattern in _NOTATION.items()}
    point, comma = fits["."] & ~fits[","], fits[","] & ~fits["."]
    points, commas = int(counts[point].sum()), int(counts[comma].sum())
    settled = stated is None and points + commas > 0
    decimal: DecimalMark = stated or otherwise
    if settled and points != commas:
        decimal = "," if commas > points else "."
    marked = found & flags(pc.match_substring_regex(body, "[.,]"))
    open_ = marked & fits["."] & fits[","] & (not settled and stated is None)
    units = _units(parts, found)
    valid = fits[decimal] & _balanced(parts)
    values = _values(parts, valid, decimal)
    unit, valid = _one_unit(units, valid, values, counts)
    infinite = flags(pc.match_substring_regex(array, _INFINITE))
    values = np.where(valid, values, np.nan)
    for place in np.flatnonzero(infinite):
        values[place] = float(plain[place])
    odd = valid & ~flags(pc.match_substring_regex(pa.array(texts, pa.string()), _PROGRAM))
    names = tuple(sorted({one for one, here in zip(units.tolist(), found, strict=True) if one and here}))
    return Numerals(values, valid | infinite, decimal, settled, _first(open_), unit, names, _first(odd))


def _first(mask: Flags) -> int:
    return int(np.argmax(mask)) if mask.any() else -1


def _units(parts: Any, found: Flags) -> NDArray[np.str_]:
    pc = compute()

    given = (parts.field("before"), parts.field("after"), pc.utf8_ltrim_whitespace(parts.field("spaced")))
    joined = pc.binary_join_element_wise(*given, "")
    units = joined.fill_null("").to_numpy(zero_copy_only=False).astype(str)
    return np.asarray(np.where(found, units, ""))


def _balanced(parts: Any) -> Flags:
    """Whether a parenthesis that is opened is closed, and there is one sign at most."""
    pc = compute()

    def given(name: str) -> Flags:
        return flags(pc.not_equal(parts.field(name), ""))

    signs = given("sign").astype(int) + given("inner") + given("open")
    return np.asarray((given("open") == given("close")) & (signs <= 1))


def _values(parts: Any, valid: Flags, decimal: str) -> Floats:
    pa, pc = arrow(), compute()

    groups = "[, ']" if decimal == "." else "[. ']"
    body = pc.replace_substring_regex(parts.field("body"), groups, "")
    body = pc.replace_substring(body, ",", ".") if decimal == "," else body
    minus = pc.or_(pc.equal(parts.field("sign"), "-"), pc.equal(parts.field("inner"), "-"))
    minus = pc.or_(minus, pc.equal(parts.field("open"), "("))
    sign = pc.if_else(minus, "-", "")
    texts = pc.binary_join_element_wise(sign, body, parts.field("exponent"), "")
    texts = pc.if_else(pa.array(valid), texts, "nan").fill_null("nan")
    return np.array(texts.to_pylist(), object).astype(np.float64)


def _one_unit(units: NDArray[np.str_], valid: Flags, values: Floats, counts: Counts) -> tuple[str, Flags]:
    """The most frequent unit, and which numbers have it or may do without."""
    totals: dict[str, int] = {}
    for unit, count in zip(units[valid].tolist(), counts[valid].tolist(), strict=True):
        if unit:
            totals[unit] = totals.get(unit, 0) + count
    if not totals:
        return "", valid
    unit = max(totals, key=lambda one: totals[one])
    bare = (units == "") & ((values == 0) if unit in PERCENT else True)
    return unit, valid & ((units == unit) | bare)


_NUMBER_FIRST = re.compile(r"[-+(\u2212\u2013]?\s*[$€£¥₩₹~<>≤≥≈]?\s*[.,]?\d")


def begins_with_number(text: str) -> bool:
    """Whether a text begins like a number, as ``1.2k`` and ``5 h 30`` do."""
    return _NUMBER_FIRST.match(text) is not None
