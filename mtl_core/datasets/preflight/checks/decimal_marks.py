"""Columns with decimal points in some cells and decimal commas in others."""

import re
from collections.abc import Iterator

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.spec.data.data_findings import DataFinding
from mtl_core.tabular.column import Column

_POINT, _COMMA = re.compile(r"[+-]?\d+\.\d+"), re.compile(r"[+-]?\d+,\d+")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_MOSTLY = 0.8


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find columns with both decimal marks, whose cells are categories or missing for that."""
    for column in data.used_columns:
        if example := cells_of_both(column):
            lost = "are taken as categories" if column.type == "categorical" else "count as missing"
            yield DataFinding(
                place="column",
                name=column.name,
                what=f"Its numbers have decimal points and decimal commas ({' and '.join(map(repr, example))}), and "
                f"{'all' if column.type == 'categorical' else 'some'} {lost}.",
                advice="Write all numbers of the column with the same decimal mark.",
            )


def cells_of_both(column: Column) -> tuple[str, str] | None:
    """A cell with a point and one with a comma, of a column that is not all numbers for that."""
    if column.type == "numeric":
        other = _COMMA if column.format.decimal == "." else _POINT
        odd = next((text for text in column.unreadable if other.fullmatch(text.strip())), None)
        usual = column.example[0] if column.example else f"1{column.format.decimal}5"
        return (usual, odd) if odd is not None else None
    if column.type == "text" or sum(_NUMBER.fullmatch(text) is not None for text in column.texts) < _MOSTLY * len(
        column.texts
    ):
        return None
    point = next((text for text in column.texts if _POINT.fullmatch(text)), None)
    comma = next((text for text in column.texts if _COMMA.fullmatch(text)), None)
    return (point, comma) if point is not None and comma is not None else None
