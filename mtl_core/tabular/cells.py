"""The different texts in a column's cells, and which of them count as missing."""

import unicodedata
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl_core.spec import DecimalMark, join

MISSING = frozenset(("", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "nat", "null", "none", "?", "-"))
"""What counts as missing in any case, unless a spec says otherwise of a column."""

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class CellRules:
    """How the cells of a column are to be read.

    Attributes:
        missing: What counts as missing beside empty cells; None for the usual.
        decimal: The decimal mark, whatever the cells say.
        otherwise: The decimal mark where neither a spec nor the cells decide.
        dates: The order of day, month and year where the cells do not decide.
    """

    missing: tuple[str, ...] | None = None
    decimal: DecimalMark | None = None
    otherwise: DecimalMark = "."
    dates: str = ""

    @property
    def missing_texts(self) -> frozenset[str]:
        """What counts as missing, in small letters."""
        return MISSING if self.missing is None else frozenset(("", *(clean(text).casefold() for text in self.missing)))


@dataclass(frozen=True, eq=False)
class Distinct:
    """The U different texts of a column of N cells.

    Attributes:
        codes: ``[N]`` indices into ``texts``, -1 where missing.
        texts: Trimmed and composed, as they came.
        counts: ``[U]`` cells of each.
        missing: The texts that count as missing, and the cells of each.
    """

    codes: Codes
    texts: tuple[str, ...]
    counts: Codes
    missing: tuple[tuple[str, int], ...]


def setting_of(kind: str, column: str) -> str:
    """The path of what a spec says of a column: of its ``types`` or of what is ``missing``."""
    return join(("dataset", kind, column))


def clean(value: Hashable) -> str:
    """The text of a cell, composed and trimmed."""
    return unicodedata.normalize("NFC", str(value)).strip()


def distinct_texts(cells: "pd.Series[Any]", rules: CellRules) -> Distinct:
    """The different texts of a column."""
    try:
        codes, uniques = pd.factorize(cells)
    except TypeError:  # lists and mappings in a Parquet file
        codes, uniques = pd.factorize(cells.map(repr))
    absent = rules.missing_texts
    counts = np.bincount(codes[codes >= 0], minlength=len(uniques))
    missing: Counter[str] = Counter({"": int((codes < 0).sum())})
    index: dict[str, int] = {}
    places = np.full(len(uniques) + 1, -1, np.int64)
    for place, (value, count) in enumerate(zip(uniques, counts.tolist(), strict=True)):
        text = clean(value)
        if text.casefold() in absent:
            missing[text] += count
        else:
            places[place] = index.setdefault(text, len(index))
    kept = places[:-1] >= 0
    totals = np.bincount(places[:-1][kept], counts[kept], minlength=len(index)).astype(np.int64)
    return Distinct(places[codes], tuple(index), totals, _most(missing))


def _most(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple((text, count) for text, count in counts.most_common() if count)


def missing_of(texts: Sequence[str], absent: NDArray[np.bool_]) -> tuple[tuple[str, int], ...]:
    """The texts of the cells that are absent, and how many there are of each."""
    return _most(Counter(texts[place].strip() for place in np.flatnonzero(absent).tolist()))
