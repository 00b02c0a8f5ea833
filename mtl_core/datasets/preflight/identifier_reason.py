"""Why a column identifies the rows, if it does."""

import re
from collections.abc import Sequence

import numpy as np

from mtl_core.datasets.preflight.name_hints import names_identifier
from mtl_core.tabular.column import Column

_MIN_ROWS = 20
_NEARLY_ALL, _MOSTLY = 0.95, 0.9
_LOOKED_AT, _MOST_WORDS = 200, 3
_MEASURED = re.compile(r"[+-]?\d+[.,]\d+")
_DENSE = 1.2
"""A counter has at most so many numbers between its smallest and its largest for each row."""


def identifier_reason(column: Column) -> str:
    """Why a column is an identifier of the rows; empty where it is none."""
    present = int(column.present.sum())
    if present < _MIN_ROWS or column.format.dates:
        return ""
    if column.type != "numeric":
        is_unique = column.unique_count >= _NEARLY_ALL * present and _are_names(column.texts[:_LOOKED_AT])
        return f"{column.unique_count} of {present} cells have a value of their own" if is_unique else ""
    if not column.whole or column.unique_count < _MOSTLY * present:
        return ""
    if column.unique_count < present:
        return "Nearly each row has a whole number of its own" if names_identifier(column.name) else ""
    return _counter_reason(column, present)


def _counter_reason(column: Column, present: int) -> str:
    """Why a column of different whole numbers is an identifier; empty where it is none."""
    numbers = column.numbers[column.present]
    if (np.diff(numbers) == 1).all() or (np.diff(numbers) == -1).all():
        return "It counts the rows"
    is_dense = np.ptp(numbers) + 1 <= _DENSE * present
    return "Each row has a whole number of its own" if is_dense or names_identifier(column.name) else ""


def _are_names(texts: Sequence[str]) -> bool:
    """Whether texts are no sentences and no measured numbers, which other checks find."""
    words = sum(len(text.split()) for text in texts)
    measured = sum(_MEASURED.fullmatch(text) is not None for text in texts)
    return words <= _MOST_WORDS * len(texts) and measured < len(texts) / 2
