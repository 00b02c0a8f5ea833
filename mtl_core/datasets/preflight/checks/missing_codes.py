"""Codes such as -999 that stand for missing values."""

from collections.abc import Iterator

import numpy as np

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.datasets.preflight.fixes import count_missing
from mtl_core.spec.data.data_findings import DataFinding
from mtl_core.tabular.column import Column, format_number

_CODES = (-1.0, -9.0, *(sign * float(digit * size) for digit in "789" for size in (2, 3, 4, 5) for sign in (1, -1)))
_WORDS = frozenset(
    ("missing", "n.a.", "n.a", "n/k", "unk", "#value!", "#ref!", "#div/0!", "--", "---", "..", "...", "nil", "empty")
) | {format_number(code) for code in _CODES if abs(code) > 90}
_LEAST_ROWS, _LEAST_GAP = 2, 0.25
"""The distance of a code from the next number, as a share of the range of all others."""


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find numbers far from all others, and words, that are usual codes for missing values."""
    for column in data.used_columns:
        if column.type == "numeric":
            codes = [] if column.format.dates else _number_codes(column)
        else:
            codes = [text for text in column.texts if text.casefold() in _WORDS] if column.type != "text" else []
        if not codes:
            continue
        count = sum(int((column.codes == column.values.index(code)).sum()) for code in codes)
        if count < _LEAST_ROWS or len(codes) == column.unique_count:
            continue
        names = ", ".join(codes)
        yield DataFinding(
            place="column",
            name=column.name,
            what=f"{count} cells are {names}, which looks like a code for missing values and is taken for "
            f"{'a number' if column.type == 'numeric' else 'a category'}.",
            advice="Count these cells as missing.",
            count=count,
            fix=count_missing(data, column, codes),
        )


def _number_codes(column: Column) -> list[str]:
    """The usual codes that lie far below or above all other numbers."""
    numbers = column.numbers[column.present]
    values = np.unique(numbers)
    candidates = [code for code in _CODES if len(values) > 3 and code in (values[0], values[1], values[-1], values[-2])]
    others = values[~np.isin(values, candidates)]
    if len(others) < 3:
        return []
    low, high = others[0], others[-1]
    return [format_number(code) for code in sorted(candidates) if _is_far(code, low, high)]


def _is_far(code: float, low: float, high: float) -> bool:
    if code in (-1, -9) and low < 1:
        return False
    return bool(max(low - code, code - high) >= max(_LEAST_GAP * (high - low), 2))
