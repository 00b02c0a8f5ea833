"""A typed column of a table: its cells as numbers or as category codes."""

import re
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import ColumnType, DataNote, DecimalMark
from mtl_core.tabular.cells import Codes
from mtl_core.tabular.values.dates import date_text
from mtl_core.tabular.values.numerals import Floats

Rows = NDArray[np.int64]
"""Row indices."""
Encoder = dict[str, Any]
"""How a column becomes inputs of the model, as plain data."""
HUGE = 1e30
"""Numbers beyond this count as missing: 32-bit training cannot carry them."""
EXACT = 2**53
"""Whole numbers up to this are exact as 64-bit floating point."""
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([, '\u00a0\u2009\u202f’])[0-9]{3}(?:\1[0-9]{3})*(?:\.[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True)
class CellFormat:
    """How the numbers of a column are written in its cells.

    Attributes:
        decimal: The decimal mark.
        unit: The unit that stands beside them and is dropped.
        dates: The order of day, month and year; ``time`` for times of day; empty for numbers.
        equal_numbers: Whether ``1`` and ``1.0`` are one category.
        exact: Whether whole numbers are categories because floating point would round them.
    """

    decimal: DecimalMark = "."
    unit: str = ""
    dates: str = ""
    equal_numbers: bool = False
    exact: bool = False


@dataclass(frozen=True, eq=False)
class Column:
    """A column of N rows.

    Attributes:
        type: Its type; text only where the spec says so.
        numbers: ``[N]``, NaN where missing; all NaN in a column that is not numeric.
        text: ``[N]`` indices into ``texts``, -1 where missing; all -1 in a numeric column.
        texts: The distinct values of a column that is not numeric, sorted.
        notes: Notes about cells that do not suit the type.
        format: How its numbers are written.
        missing: The texts that count as missing and their numbers of cells, most frequent first.
        example: A cell whose number is not written as in a program, and that number.
        ambiguous: Whether the cells are other numbers with the other decimal mark, or with day and month swapped.
        unreadable: Distinct cells that count as missing because they are no numbers or dates, at most some hundred.
    """

    name: str
    type: ColumnType
    numbers: Floats
    text: Codes
    texts: tuple[str, ...] = ()
    notes: tuple[DataNote, ...] = ()
    format: CellFormat = field(default_factory=CellFormat)
    missing: tuple[tuple[str, int], ...] = ()
    example: tuple[str, float] | None = None
    ambiguous: bool = False
    unreadable: tuple[str, ...] = ()

    @cached_property
    def _levels(self) -> Floats:
        """The sorted distinct numbers of a numeric column."""
        return np.unique(self.numbers[self.present])

    @cached_property
    def _level_codes(self) -> Codes:
        """The codes of a numeric column; much slower to find than its distinct numbers."""
        codes = np.full(len(self.numbers), -1, np.int64)
        codes[self.present] = np.unique(self.numbers[self.present], return_inverse=True)[1]
        return codes

    @property
    def codes(self) -> Codes:
        """``[N]`` indices into :attr:`values`, -1 where missing."""
        return self._level_codes if self.type == "numeric" else self.text

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The distinct values as text: numbers by size, others in alphabetical order."""
        if self.type != "numeric":
            return self.texts
        to_text = partial(date_text, order=self.format.dates) if self.format.dates else format_number
        return tuple(map(to_text, self._levels.tolist()))

    @property
    def unique_count(self) -> int:
        """Number of distinct values."""
        return len(self._levels if self.type == "numeric" else self.texts)

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """``[N]``, true where the cell is not missing."""
        return np.isfinite(self.numbers) if self.type == "numeric" else self.text >= 0

    @cached_property
    def whole(self) -> bool:
        """Whether it is numeric and all its numbers are whole."""
        numbers = self.numbers[self.present]
        return self.type == "numeric" and bool((numbers == np.rint(numbers)).all())


def format_number(value: float) -> str:
    """Format a number as the name of a class: ``3`` for 3.0."""
    return str(int(value)) if float(value).is_integer() and abs(value) <= EXACT else repr(float(value))


def parse_number(text: str) -> float | None:
    """Parse a trimmed number with a decimal point, possibly infinite; None where the text is no number."""
    try:
        value = float(text)
    except ValueError:
        return float(re.sub(r"[^0-9.+-]", "", text)) if _GROUPED.fullmatch(text) else None
    return value if text.isascii() and "_" not in text else None


def without_zero_fraction(text: str) -> str:
    """Strip the fraction of a whole number: ``1`` for ``1.0``; any other text stays as it is."""
    whole, point, fraction = text.partition(".")
    return whole if point and _WHOLE.fullmatch(whole) and fraction.strip("0") == "" else text
