"""Groups of rows, such as those of a patient, that are in training and in test."""

import re
from collections.abc import Iterator

import numpy as np

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.datasets.preflight.fixes import divide_by
from mtl_core.datasets.preflight.name_hints import names_group
from mtl_core.spec.data.data_findings import DataFinding
from mtl_core.tabular.column import Column

_CODE = re.compile(r"[^\W\d_]{1,6}[-_ #/.]?\d{2,}")
"""A cell that is a name with a number, such as ``p017`` or ``CUST-00231``."""
_MIN_GROUPS, _MEAN_ROWS, _LARGEST = 8, 1.5, 0.5
_LEAST_SHARED = 0.1


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find columns of groups whose rows are in training and in validation or test."""
    if data.source.split is not None or data.dataset.split.kind == "time":
        return
    others = np.concatenate(data.splits[1:])
    for column in data.other_columns:
        if not _is_group(column):
            continue
        codes = column.codes
        seen = np.isin(codes[others], codes[data.splits[0]]) & (codes[others] >= 0)
        if seen.sum() < max(3, _LEAST_SHARED * len(others)):
            continue
        role = "which is an input" if column.name in data.input_names else "which is no input"
        yield DataFinding(
            place="column",
            name=column.name,
            what=f"{int(seen.sum())} of {len(others)} validation and test rows belong to a group of this column, "
            f"{role}, that is in training too.",
            advice="If new rows come from new groups, split by this column.",
            count=int(seen.sum()),
            fix=divide_by(data, "group", column.name),
        )


def _is_group(column: Column) -> bool:
    """Whether a column names groups of several rows each: by its name, or by cells such as ``p017``."""
    present = int(column.present.sum())
    unique = column.unique_count
    if unique < _MIN_GROUPS or present < _MEAN_ROWS * unique or column.type == "text" or column.format.dates:
        return False
    if np.bincount(column.codes[column.present]).max() > _LARGEST * present:
        return False
    if column.type == "numeric":
        return column.whole and names_group(column.name)
    codes = sum(_CODE.fullmatch(text) is not None for text in column.texts)
    return names_group(column.name) or codes >= 0.9 * unique
