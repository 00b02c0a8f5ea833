"""Records of a time span that are divided at random, so that the future is trained on."""

from collections.abc import Iterator

import numpy as np

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.datasets.preflight.fixes import divide_by
from mtl_core.datasets.preflight.name_hints import names_birth, names_time
from mtl_core.spec.data.data_findings import DataFinding
from mtl_core.tabular.column import Column

_MIN_TIMES = 10
_LEAST_EARLIER = 0.2
_ORDERED = 0.95


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find columns of dates by which test rows are older than training rows."""
    if data.source.split is not None or data.dataset.split.kind in ("time", "group"):
        return
    train, test = data.splits[0], data.splits[2]
    for column in data.other_columns:
        if not _is_time_of_record(column):
            continue
        trained, tested = column.numbers[train], column.numbers[test]
        if not (np.isfinite(trained).any() and np.isfinite(tested).any()):
            continue
        earlier = int((tested < np.nanmax(trained)).sum())
        if earlier < _LEAST_EARLIER * len(test):
            continue
        yield DataFinding(
            place="column",
            name=column.name,
            what=f"{earlier} of {len(test)} test rows are older than the newest training row, so the model has seen "
            "what came later.",
            advice="If the model is to predict the future, split by this column.",
            count=earlier,
            fix=divide_by(data, "time", column.name),
        )


def _is_time_of_record(column: Column) -> bool:
    """Whether a column holds the dates at which rows were recorded: by its name, or because rows are in its order."""
    if not column.format.dates or column.format.dates == "time" or column.unique_count < _MIN_TIMES:
        return False
    if names_birth(column.name):
        return False
    steps = np.diff(column.numbers[column.present])
    ordered = max((steps >= 0).mean(), (steps <= 0).mean()) if len(steps) else 0
    return names_time(column.name) or ordered >= _ORDERED
