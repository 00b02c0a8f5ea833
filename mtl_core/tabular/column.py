"""A column: its cells as numbers, or as values of a category."""

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
"""Numbers of rows, counted from 0."""
Encoder = dict[str, Any]
"""How a column becomes inputs of the model, as plain data."""
HUGE = 1e30
EXACT = 2**53
"""Whole numbers up to here are floating point exactly."""
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([, '\u00a0\u2009\u202f’])[0-9]{3}(?:\1[0-9]{3})*(?:\.[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True)
class CellFormat:
    """How the numbers of a column turned out to be written.

    Attributes:
        decimal: The decimal mark.
        unit: What was left away.
        dates: The order of day, month and year; ``time`` for times of day; empty for numbers.
        equal_numbers: Whether ``1`` and ``1.0`` are one category.
        exact: Whether whole numbers are categories because they cannot be told apart as floating point.
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
        type: What it is; text only where that was asked for.
        numbers: ``[N]``, NaN where missing; all NaN in a column that is not numeric.
        text: ``[N]`` indices into ``texts``, -1 where missing; all -1 in a numeric column.
        texts: The different values of a column that is not numeric, in order.
        notes: What was decided about odd cells.
        format: How its numbers are written.
        missing: The texts that count as missing, and the cells of each, most frequent first.
        example: A text that says its number otherwise than a program would, and that number.
        unsettled: Whether another decimal mark, or order of day and month, would make other numbers of the cells.
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
    unsettled: bool = False

    @cached_property
    def _levels(self) -> tuple[Codes, Floats]:
        """Of a numeric column: the index of each row's number among the different ones, and these by size."""
        there = self.there
        levels, inverse = np.unique(self.numbers[there], return_inverse=True)
        codes = np.full(len(self.numbers), -1, np.int64)
        codes[there] = inverse
        return codes, levels

    @property
    def codes(self) -> Codes:
        """``[N]`` indices into :attr:`values`, -1 where missing."""
        return self._levels[0] if self.type == "numeric" else self.text

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The different values as text, in order: numbers by size, others by alphabet."""
        if self.type != "numeric":
            return self.texts
        shown = partial(date_text, order=self.format.dates) if self.format.dates else label
        return tuple(map(shown, self._levels[1].tolist()))

    @property
    def different(self) -> int:
        """How many different values there are."""
        return len(self._levels[1] if self.type == "numeric" else self.texts)

    @cached_property
    def there(self) -> NDArray[np.bool_]:
        """``[N]``, true where the cell is not missing."""
        return np.isfinite(self.numbers) if self.type == "numeric" else self.text >= 0

    @cached_property
    def whole(self) -> bool:
        """Whether it is numeric and holds whole numbers only."""
        present = self.numbers[self.there]
        return self.type == "numeric" and bool((present == np.rint(present)).all())


def label(value: float) -> str:
    """A number as the text of a class: ``3`` for 3.0."""
    return str(int(value)) if float(value).is_integer() and abs(value) <= EXACT else repr(float(value))


def number(text: str) -> float | None:
    """The number that a trimmed cell says with a decimal point, or None; it may be infinite."""
    try:
        value = float(text)
    except ValueError:
        return float(re.sub(r"[^0-9.+-]", "", text)) if _GROUPED.fullmatch(text) else None
    return value if text.isascii() and "_" not in text else None


def plain_number(text: str) -> str:
    """A whole number written as a fraction, as without it: ``1`` for ``1.0``; any other text as it is."""
    whole, point, fraction = text.partition(".")
    return whole if point and _WHOLE.fullmatch(whole) and fraction.strip("0") == "" else text
