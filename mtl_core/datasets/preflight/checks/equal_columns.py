"""Inputs that are the same as another one in every row."""

from collections.abc import Iterator

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.datasets.preflight.fixes import leave_out
from mtl_core.datasets.preflight.row_hashes import column_bits
from mtl_core.spec.data.data_findings import DataFinding
from mtl_core.tabular.column import Column


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find inputs that repeat another input."""
    first: dict[tuple[object, ...], str] = {}
    for column in data.table_inputs:
        if column.unique_count < 2:
            continue
        other = first.setdefault(_key(column), column.name)
        if other != column.name:
            yield DataFinding(
                place="column",
                name=column.name,
                what=f"It is the same as {other!r} in every row.",
                advice="Leave one of them out.",
                fix=leave_out(data, column.name),
            )


def _key(column: Column) -> tuple[object, ...]:
    return column.type, column.texts, column_bits(column).tobytes()
