"""A column: its cells as numbers or as values of a category, and which of the two it is by looking.

What a cell says, decided once for data and for new rows:

- Empty cells and ``NA``, ``N/A``, ``NaN``, ``null``, ``none``, ``?`` and ``-``, in any case, are missing.
- Numbers may be grouped in thousands by commas, spaces or apostrophes (``1,234.5``, ``1 234``); a decimal comma is
  not read. Infinite numbers and those beyond ±1e30 are missing, since 32-bit training cannot carry them.
- A column is numeric when at least 95 % of the cells that are there are numbers; the odd rest is then missing.
"""

import re
import unicodedata
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl_core.spec import ColumnType

HUGE = 1e30
_MISSING = frozenset(("", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "nat", "null", "none", "?", "-"))
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([, '\u00a0\u2009\u202f’])[0-9]{3}(?:\1[0-9]{3})*(?:\.[0-9]+)?")
_MOSTLY = 0.95

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Column:
    """A column of N rows.

    Attributes:
        type: What it is; text only where that was asked for.
        numbers: ``[N]``, NaN where missing; all NaN in a column that is not numeric.
        text: ``[N]`` indices into ``texts``, -1 where missing; all -1 in a numeric column.
        texts: The different values of a column that is not numeric, in order.
        notes: What was decided about odd cells.
    """

    name: str
    type: ColumnType
    numbers: Floats
    text: Codes
    texts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

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
        return tuple(map(label, self._levels[1].tolist())) if self.type == "numeric" else self.texts

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
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def number(text: str) -> float | None:
    """The number that a trimmed cell says, or None; it may be infinite."""
    try:
        value = float(text)
    except ValueError:
        return float(re.sub(r"[^0-9.+-]", "", text)) if _GROUPED.fullmatch(text) else None
    return value if text.isascii() and "_" not in text else None


def read_column(name: str, cells: "pd.Series[Any]", wanted: ColumnType | None = None) -> Column:
    """A column from a frame's, of the wanted type or of the one it looks like."""
    if wanted == "text":
        return replace(read_column(name, cells, "categorical"), type="text")
    if pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype):
        numbers = cells.to_numpy(np.float64, na_value=np.nan)
        return _numeric(name, numbers) if wanted != "categorical" else _categorical_numbers(name, numbers)
    plain = _plain_numbers(cells) if wanted != "categorical" else None
    if plain is not None:
        return _numeric(name, plain)
    codes, texts = _cleaned(cells)
    parsed = [number(text) for text in texts]
    numbers = np.array([np.nan if value is None else value for value in parsed] + [np.nan])[codes]
    is_number = np.array([value is not None for value in parsed] + [False])[codes]
    present, numeric = int((codes >= 0).sum()), int(is_number.sum())
    if wanted == "numeric" or (wanted is None and numeric >= _MOSTLY * present):
        odd = [text for text, value in zip(texts, parsed, strict=True) if value is None]
        return _numeric(name, numbers, odd, present - numeric)
    return _categorical(name, codes, texts)


def _plain_numbers(cells: "pd.Series[Any]") -> Floats | None:
    """The fast way for long columns of nothing but numbers and empty cells; None where :func:`number` must look."""
    texts = cells.tolist()
    if set(map(type, texts)) != {str}:
        return None
    try:
        numbers = np.array([text or "nan" for text in texts], object).astype(np.float64)
    except ValueError:
        return None
    together = "".join(texts)
    return numbers if together.isascii() and "_" not in together else None


def _numeric(name: str, numbers: Floats, odd: list[str] | None = None, odd_cells: int = 0) -> Column:
    huge = np.abs(numbers) > HUGE
    notes = []
    if odd_cells:
        examples = ", ".join(repr(text[:30]) for text in (odd or [])[:3])
        notes.append(f"Column {name!r}: {odd_cells} cells that are not numbers count as missing ({examples}).")
    if huge.any():
        notes.append(f"Column {name!r}: {int(huge.sum())} infinite or huge numbers count as missing.")
    nothing = np.full(len(numbers), -1, np.int64)
    return Column(name, "numeric", np.where(huge, np.nan, numbers), nothing, notes=tuple(notes))


def _categorical_numbers(name: str, numbers: Floats) -> Column:
    column = _numeric(name, numbers)
    return Column(name, "categorical", np.full(len(numbers), np.nan), column.codes, column.values, column.notes)


def _categorical(name: str, codes: Codes, texts: list[str]) -> Column:
    """Values in order: by size if all are numbers, else by alphabet."""
    parsed = [number(text) for text in texts]
    if all(value is not None for value in parsed):
        order = sorted(range(len(texts)), key=lambda i: (parsed[i] or 0.0, texts[i]))
    else:
        order = sorted(range(len(texts)), key=lambda i: texts[i])
    rank = np.empty(len(texts) + 1, np.int64)
    rank[order] = np.arange(len(texts))
    rank[-1] = -1
    return Column(name, "categorical", np.full(len(codes), np.nan), rank[codes], tuple(texts[i] for i in order))


def _cleaned(cells: "pd.Series[Any]") -> tuple[Codes, list[str]]:
    """Index of each cell among the different trimmed texts (-1: missing), and these."""
    try:
        codes, uniques = pd.factorize(cells)
    except TypeError:  # lists and mappings in a Parquet file
        codes, uniques = pd.factorize(cells.map(repr))
    index: dict[str | None, int] = {None: -1}
    places = [index.setdefault(_text(value), len(index) - 1) for value in uniques]
    del index[None]
    return np.array([*places, -1], np.int64)[codes], [text for text in index if text is not None]


def _text(value: Hashable) -> str | None:
    text = unicodedata.normalize("NFC", str(value)).strip()
    return None if text.casefold() in _MISSING else text
