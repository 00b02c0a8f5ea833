"""Targets that are nearly always the same class."""

from collections.abc import Iterator

import numpy as np

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.datasets.preflight.fixes import balance
from mtl_core.spec.data.data_findings import DataFinding

_MIN_ROWS, _NEARLY_ALL = 50, 0.98


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find tasks nearly all of whose rows are of one class."""
    for labels in data.labels:
        if labels.codes is None:
            continue
        codes = labels.codes[data.rows[labels.labeled[data.rows]]]
        counts = np.bincount(codes, minlength=len(labels.classes))
        if len(codes) < _MIN_ROWS or counts.max() == len(codes) or counts.max() < _NEARLY_ALL * len(codes):
            continue
        share = 100 * counts.max() / len(codes)
        yield DataFinding(
            place="task",
            name=labels.task.name,
            what=f"{share:.1f} % of its rows are of class {labels.classes[int(counts.argmax())]!r}, so that always "
            "saying so looks good.",
            advice="Balance the classes in batches, and judge by a metric such as F1 or average precision.",
            count=int(len(codes) - counts.max()),
            fix=balance(labels.task.name) if labels.task.row_classes else None,
        )
