"""Categorical inputs with so many values that most are too rare to be learned."""

from collections.abc import Iterator

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.datasets.preflight.checks.decimal_marks import cells_of_both
from mtl_core.datasets.preflight.checks.free_text import is_text
from mtl_core.datasets.preflight.checks.mixed_cells import words_among_numbers
from mtl_core.datasets.preflight.fixes import leave_out
from mtl_core.datasets.preflight.identifier_reason import identifier_reason
from mtl_core.spec import OneHot
from mtl_core.spec.data.data_findings import DataFinding

_FEW_ROWS = 10


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find categorical inputs with more than a hundred values of a few rows each."""
    for column in data.table_inputs:
        present, values = int(column.present.sum()), column.unique_count
        if column.type != "categorical" or values <= OneHot().most or present >= _FEW_ROWS * values:
            continue
        if any(other(column) for other in (is_text, identifier_reason, words_among_numbers, cells_of_both)):
            continue  # another check says what is the matter
        yield DataFinding(
            place="column",
            name=column.name,
            what=f"It has {values} categories of {present / values:.1f} rows each in the mean, too few to learn from.",
            advice="Merge rare categories in the data, or leave the column out.",
            count=values,
            fix=leave_out(data, column.name),
        )
