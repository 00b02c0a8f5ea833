"""Text of messages: digit grouping, sizes, lists of names, suggestions, escapes of control characters."""

import codecs
import difflib
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Control characters (a terminal interprets them), line and paragraph separators, marks and overrides of the writing
direction (they reorder the displayed text), and lone surrogates (they cannot be encoded)."""

_REPLACEMENTS = {
    "…": "...", "—": "-", "–": "-", "−": "-", "·": "|", "×": "x", "±": "+-", "Δ": "delta ", "↑": "(max)", "↓": "(min)",
    "→": "->", "≈": "~", "≤": "<=", "≥": ">=", "²": "^2", "∞": "inf", "\u2009": " ", "\u202f": " ", "\u00a0": " ",
    "‘": "'", "’": "'", "“": '"', "”": '"',
}  # fmt: skip
"""ASCII replacements of characters in the program's messages, for output in an encoding that lacks them."""

_ERRORS = "mtl_core.readable"

_DIGIT_SEPARATOR = "\N{NARROW NO-BREAK SPACE}"
MAX_SUGGESTIONS = 3
DIRECTION_ARROWS = {"max": "↑", "min": "↓"}
"""Marks of metrics of which higher or lower values are better."""


def group_digits(number: float) -> str:
    """Formats a whole number with a narrow no-break space between thousands: ``12 840``."""
    return f"{number:,.0f}".replace(",", _DIGIT_SEPARATOR).replace("-", "−")


def close_matches(name: str, candidates: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """The candidates most similar to a misspelled name, at most three, the most similar first.

    Args:
        name: The misspelled name.
        candidates: The existing names.
        cutoff: Minimum similarity, 0 … 1, as in :func:`difflib.get_close_matches`.
    """
    return difflib.get_close_matches(name, list(candidates), MAX_SUGGESTIONS, cutoff)


def did_you_mean(names: Sequence[str]) -> str:
    """Formats suggestions as a question: ``Did you mean lr or epochs?``."""
    return f"Did you mean {' or '.join(names)}?"


def format_names(names: Sequence[str], most: int = 3) -> str:
    """Joins the first few names, and says how many more there are: ``a, b, c and 2 more``."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def escape_control_characters(text: str) -> str:
    r"""Replaces control characters and those that change the writing direction by escapes such as ``\x1b``."""
    return _UNSAFE.sub(lambda match: _escape(match[0]), text)


def _escape(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def replace_unencodable(stream: TextIO) -> None:
    """Makes a stream replace characters that its encoding lacks, instead of raising ``UnicodeEncodeError``."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:  # a stream of a notebook or of a test may have none
        reconfigure(errors=_ERRORS)


def to_printable(text: str) -> str:
    """Converts a text to what standard output can show: control characters escaped, unencodable ones replaced."""
    if text.isascii() and text.isprintable():  # nearly always, and ten thousand runs are listed in a second
        return text
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return escape_control_characters(text).encode(encoding, _ERRORS).decode(encoding)


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_REPLACEMENTS.get(sign) or _escape(sign) for sign in signs), error.end


codecs.register_error(_ERRORS, _replace)


def format_size(size: int) -> str:
    """Bytes in a unit of at most four digits, such as ``1.5 GB``."""
    value, unit = float(size), "bytes"
    for larger in ("KB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if value >= 100 or unit == "bytes" else f"{value:.1f} {unit}"
