"""Columns of numbers that some words make categories."""

from collections.abc import Iterator

import numpy as np

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.datasets.preflight.fixes import read_as
from mtl_core.spec import shorten
from mtl_core.spec.data.data_findings import DataFinding
from mtl_core.tabular.column import Column, parse_number

_MOSTLY, _MIN_NUMBERS = 0.7, 10


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find categorical inputs most of whose cells are many different numbers."""
    stated = getattr(data.dataset, "types", {})
    for column in data.table_inputs:
        if column.type != "categorical" or column.name in stated:
            continue
        if (words := words_among_numbers(column)) is None:
            continue
        names = shorten(", ".join(map(repr, words[:3])) + (" …" if len(words) > 3 else ""))
        yield DataFinding(
            place="column",
            name=column.name,
            what=f"Most of its cells are numbers, but {names} {'is' if len(words) == 1 else 'are'} not, so that all "
            "are taken as categories.",
            advice="Correct these cells, or read the column as numbers, so that they count as missing.",
            count=len(words),
            fix=read_as(data, column.name, "numeric"),
        )


def words_among_numbers(column: Column) -> list[str] | None:
    """The texts that are no numbers in a column that mostly holds numbers; None in any other."""
    is_number = np.array([parse_number(text) is not None for text in column.texts], np.bool_)
    counts = np.bincount(column.text[column.present], minlength=len(column.texts))
    if is_number.sum() < _MIN_NUMBERS or is_number.all() or counts[is_number].sum() < _MOSTLY * counts.sum():
        return None
    return [text for text, number in zip(column.texts, is_number.tolist(), strict=True) if not number]
