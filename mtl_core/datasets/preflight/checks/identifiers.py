"""Inputs that tell each row from all others, which a model can only learn by heart."""

from collections.abc import Iterator

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.datasets.preflight.fixes import leave_out
from mtl_core.datasets.preflight.identifier_reason import identifier_reason
from mtl_core.spec.data.data_findings import DataFinding


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find inputs that are names, numbers or counters of the rows."""
    for column in data.table_inputs:
        if reason := identifier_reason(column):
            yield DataFinding(
                place="column",
                name=column.name,
                what=f"{reason}: it names the rows, and says nothing of new ones.",
                advice="Leave it out of the inputs.",
                count=column.unique_count,
                fix=leave_out(data, column.name),
            )
