"""Rows of validation or test whose inputs are also in training."""

from collections.abc import Iterator

import numpy as np

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.spec.data.data_findings import DataFinding

_LEAST_ROWS, _LEAST_SHARE = 3, 0.01


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find copies of training rows in another split."""
    if (equal := data.equal_rows) is None:
        return
    others = np.concatenate(data.splits[1:])
    count = equal.count_seen(others, data.splits[0])
    if count < max(_LEAST_ROWS, _LEAST_SHARE * len(others)) or not equal.are_copies(data.rows):
        return
    yield DataFinding(
        place="split",
        what=f"{count} of {len(others)} validation and test rows have the same inputs as a training row, so scores are "
        "of rows that were seen.",
        advice="Remove repeated rows from the data, or split by a column that all copies of a row share.",
        count=count,
    )
