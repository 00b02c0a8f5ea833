"""Inputs that are missing in nearly every row."""

from collections.abc import Iterator

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.datasets.preflight.fixes import leave_out
from mtl_core.spec.data.data_findings import DataFinding

_NEARLY_NONE = 0.05


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find inputs with hardly any value."""
    for column in data.table_inputs:
        present = int(column.present[data.rows].sum())
        if present <= _NEARLY_NONE * len(data.rows):
            yield DataFinding(
                place="column",
                name=column.name,
                what=f"Only {present} of {len(data.rows)} rows have a value.",
                advice="Leave it out of the inputs.",
                count=len(data.rows) - present,
                fix=leave_out(data, column.name),
            )
