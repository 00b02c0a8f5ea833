"""Parse numbers of any locale: decimal marks, digit groups, signs and units.

The rules, per column:

- A cell that can only have a decimal comma (``0,331``, ``1.234,56``) or only a decimal point (``0.5``, ``1,234.56``)
  decides for its column. Where a column has both, the more frequent mark is taken, and the other cells are no numbers.
- Where no cell decides (``1,234`` and whole numbers only), the default mark is taken.
- Thousands may be grouped by the other mark, spaces or apostrophes. Minus signs, spaces and digits of other scripts are
  read as the ASCII ones; a number in parentheses is negative.
- Leading zeros are dropped.
- One unit (``%``, a currency, a unit of measurement) is dropped. Cells with another one are no numbers, nor are those
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
"""Single letters: units only behind a space, since ``12A`` may be a name."""
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
"""The zeros of Arabic, Persian, Devanagari, Bengali, Thai and full-width digits."""
_PLAIN = {zero + digit: str(digit) for zero in _ZEROS for digit in range(10)}
_PLAIN |= dict.fromkeys((0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
_PLAIN |= dict.fromkeys((*range(0x2010, 0x2014), 0x2212, 0xFE63, 0xFF0D), "-")
_PLAIN |= dict.fromkeys((0x2019, 0x2BC, 0xB4, 0xFF07, 0x66C), "'")
_PLAIN |= {0x66B: ".", 0x66A: "%", 0xFF05: "%", 0xFF0C: ",", 0xFF0E: "."}


@dataclass(frozen=True, eq=False)
class Numerals:
    """U distinct texts as numbers.

    Attributes:
        values: ``[U]``, NaN where a text is no number.
        valid: ``[U]``, true where a text is a number, which may be infinite.
        decimal: The decimal mark they were read with.
        decimal_is_certain: Whether some text allows this decimal mark only.
        ambiguous_index: Index of a text that is another number with the other decimal mark, where no text decides which
            mark it is; -1 if there is none.
        unit: The unit that was dropped.
        units: All units that occur, sorted.
        example_index: Index of a number that is not written as in a program; -1 if there is none.
    """

    values: Floats
    valid: Flags
    decimal: DecimalMark
    decimal_is_certain: bool
    ambiguous_index: int
    unit: str
    units: tuple[str, ...]
    example_index: int


def read_numerals(
    texts: Sequence[str], counts: Counts, *, default_decimal: DecimalMark = ".", decimal: DecimalMark | None = None
) -> Numerals:
    """Parse the distinct texts of a column as numbers.

    Args:
        texts: ``U`` trimmed texts.
        counts: ``[U]`` numbers of cells.
        default_decimal: The decimal mark where the texts do not decide.
        decimal: The decimal mark, if it is stated; None infers it from the texts.
    """
    pa, pc = arrow(), compute()

    plain = [text if text.isascii() else text.translate(_PLAIN) for text in texts]
    array = pa.array(plain, pa.string())
    parts = pc.extract_regex(array, _CELL)
    matched = flags(pc.is_valid(parts))
    body = parts.field("body")
    fits = {mark: matched & flags(pc.match_substring_regex(body, pattern)) for mark, pattern in _NOTATION.items()}
    only_point, only_comma = fits["."] & ~fits[","], fits[","] & ~fits["."]
    points, commas = int(counts[only_point].sum()), int(counts[only_comma].sum())
    is_certain = decimal is None and points + commas > 0
    mark: DecimalMark = decimal or default_decimal
    if is_certain and points != commas:
        mark = "," if commas > points else "."
    has_mark = matched & flags(pc.match_substring_regex(body, "[.,]"))
    ambiguous = has_mark & fits["."] & fits[","] & (not is_certain and decimal is None)
    units = _units(parts, matched)
    valid = fits[mark] & _balanced(parts)
    values = _values(parts, valid, mark)
    unit, valid = _main_unit(units, valid, values, counts)
    infinite = flags(pc.match_substring_regex(array, _INFINITE))
    values = np.where(valid, values, np.nan)
    for index in np.flatnonzero(infinite):
        values[index] = float(plain[index])
    unusual = valid & ~flags(pc.match_substring_regex(pa.array(texts, pa.string()), _PROGRAM))
    all_units = tuple(sorted({unit for unit, matches in zip(units.tolist(), matched, strict=True) if unit and matches}))
    return Numerals(
        values, valid | infinite, mark, is_certain, _first_index(ambiguous), unit, all_units, _first_index(unusual)
    )


def _first_index(mask: Flags) -> int:
    """Index of the first true value, or -1."""
    return int(np.argmax(mask)) if mask.any() else -1


def _units(parts: Any, matched: Flags) -> NDArray[np.str_]:
    """The unit of each text, empty where there is none."""
    pc = compute()

    places = (parts.field("before"), parts.field("after"), pc.utf8_ltrim_whitespace(parts.field("spaced")))
    joined = pc.binary_join_element_wise(*places, "")
    units = joined.fill_null("").to_numpy(zero_copy_only=False).astype(str)
    return np.asarray(np.where(matched, units, ""))


def _balanced(parts: Any) -> Flags:
    """Whether a parenthesis that is opened is closed, and there is one sign at most."""
    pc = compute()

    def has(name: str) -> Flags:
        return flags(pc.not_equal(parts.field(name), ""))

    signs = has("sign").astype(int) + has("inner") + has("open")
    return np.asarray((has("open") == has("close")) & (signs <= 1))


def _values(parts: Any, valid: Flags, decimal: str) -> Floats:
    """The number of each valid text, NaN elsewhere."""
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


def _main_unit(units: NDArray[np.str_], valid: Flags, values: Floats, counts: Counts) -> tuple[str, Flags]:
    """The most frequent unit, and the mask of the numbers that have it or need none."""
    totals: dict[str, int] = {}
    for unit, count in zip(units[valid].tolist(), counts[valid].tolist(), strict=True):
        if unit:
            totals[unit] = totals.get(unit, 0) + count
    if not totals:
        return "", valid
    unit = max(totals, key=lambda name: totals[name])
    without_unit = (units == "") & ((values == 0) if unit in PERCENT else True)
    return unit, valid & ((units == unit) | without_unit)


_NUMBER_FIRST = re.compile(r"[-+(\u2212\u2013]?\s*[$€£¥₩₹~<>≤≥≈]?\s*[.,]?\d")


def begins_with_number(text: str) -> bool:
    """Whether a text begins like a number, as ``1.2k`` and ``5 h 30`` do."""
    return _NUMBER_FIRST.match(text) is not None
