"""The distinct texts in the cells of a column, and which of them count as missing."""

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
    """How the cells of a column are read.

    Attributes:
        missing: The texts that count as missing beside empty cells; None for :data:`MISSING`.
        decimal: The decimal mark that the spec states; None infers it from the cells.
        default_decimal: The decimal mark where the cells do not decide.
        dates: The order of day, month and year where the cells do not decide.
    """

    missing: tuple[str, ...] | None = None
    decimal: DecimalMark | None = None
    default_decimal: DecimalMark = "."
    dates: str = ""

    @property
    def missing_texts(self) -> frozenset[str]:
        """The texts that count as missing, case-folded."""
        return (
            MISSING
            if self.missing is None
            else frozenset(("", *(normalize_text(text).casefold() for text in self.missing)))
        )


@dataclass(frozen=True, eq=False)
class Distinct:
    """The U distinct texts of a column of N cells.

    Attributes:
        codes: ``[N]`` indices into ``texts``, -1 where missing.
        texts: Trimmed, in composed form (NFC), in the order of their first cells.
        counts: ``[U]`` numbers of cells.
        missing: The texts that count as missing and their numbers of cells, most frequent first.
    """

    codes: Codes
    texts: tuple[str, ...]
    counts: Codes
    missing: tuple[tuple[str, int], ...]


def column_setting(kind: str, column: str) -> str:
    """The path of a column's setting in a spec: ``types`` or ``missing``."""
    return join(("dataset", kind, column))


def normalize_text(value: Hashable) -> str:
    """The text of a cell in composed form (NFC), trimmed."""
    return unicodedata.normalize("NFC", str(value)).strip()


def distinct_texts(cells: "pd.Series[Any]", rules: CellRules) -> Distinct:
    """Find the distinct texts of a column, without those that count as missing."""
    try:
        codes, uniques = pd.factorize(cells)
    except TypeError:  # lists and mappings in a Parquet file
        codes, uniques = pd.factorize(cells.map(repr))
    missing_texts = rules.missing_texts
    counts = np.bincount(codes[codes >= 0], minlength=len(uniques))
    missing: Counter[str] = Counter({"": int((codes < 0).sum())})
    index: dict[str, int] = {}
    new_codes = np.full(len(uniques) + 1, -1, np.int64)
    for code, (value, count) in enumerate(zip(uniques, counts.tolist(), strict=True)):
        text = normalize_text(value)
        if text.casefold() in missing_texts:
            missing[text] += count
        else:
            new_codes[code] = index.setdefault(text, len(index))
    present = new_codes[:-1] >= 0
    totals = np.bincount(new_codes[:-1][present], counts[present], minlength=len(index)).astype(np.int64)
    return Distinct(new_codes[codes], tuple(index), totals, _most_common(missing))


def _most_common(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple((text, count) for text, count in counts.most_common() if count)


def count_missing(texts: Sequence[str], missing: NDArray[np.bool_]) -> tuple[tuple[str, int], ...]:
    """Count the texts of missing cells, most frequent first.

    Args:
        texts: Of all cells.
        missing: ``[N]``, true where a cell is missing.
    """
    return _most_common(Counter(texts[row].strip() for row in np.flatnonzero(missing).tolist()))
