"""Texts that are taken as categories."""

from collections.abc import Iterator

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.datasets.preflight.fixes import leave_out
from mtl_core.spec.data.data_findings import DataFinding
from mtl_core.tabular.column import Column

_MIN_TEXTS, _MIN_WORDS, _DISTINCT, _LOOKED_AT = 20, 3.5, 0.5, 500


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find categorical inputs whose cells are texts of several words."""
    for column in data.table_inputs:
        if is_text(column):
            yield DataFinding(
                place="column",
                name=column.name,
                what=f"Its cells are texts, {column.unique_count} different ones, and each is taken as a category.",
                advice="Make it an input of kind text, or leave it out.",
                count=column.unique_count,
                fix=leave_out(data, column.name),
            )


def is_text(column: Column) -> bool:
    """Whether the cells of a categorical column are texts of several words, most of them different."""
    if column.type != "categorical" or column.unique_count < max(_MIN_TEXTS, _DISTINCT * int(column.present.sum())):
        return False
    texts = column.texts[:_LOOKED_AT]
    return sum(len(text.split()) for text in texts) >= _MIN_WORDS * len(texts)
