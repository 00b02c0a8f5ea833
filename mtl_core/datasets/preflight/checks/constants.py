"""Inputs and targets that are the same in every row."""

from collections.abc import Iterator

import numpy as np

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.datasets.preflight.fixes import leave_out, remove_task
from mtl_core.spec.data.data_findings import DataFinding
from mtl_core.tasks.targets.labels import Labels


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find constant inputs, then constant tasks."""
    train = data.splits[0]
    for column in data.table_inputs:
        codes = column.codes[train]
        if len(codes) and (codes == codes[0]).all() and codes[0] >= 0:
            yield DataFinding(
                place="column",
                name=column.name,
                what=f"It is {column.values[codes[0]]!r} in every training row, which tells nothing.",
                advice="Leave it out of the inputs.",
                fix=leave_out(data, column.name),
            )
    for labels in data.labels:
        if labels.task.predicts and _is_constant(labels, data):
            yield DataFinding(
                place="task",
                name=labels.task.name,
                what="All labels of the training rows are the same, so there is nothing to learn.",
                advice="Remove the task, or add rows with other labels.",
                fix=remove_task(data, labels.task.name),
            )


def _is_constant(labels: Labels, data: CheckedData) -> bool:
    rows = data.splits[0][labels.labeled[data.splits[0]]]
    if not len(rows):
        return False
    if labels.codes is not None:
        return bool(np.ptp(labels.codes[rows]) == 0)
    return labels.numbers is not None and not np.nanmax(np.nan_to_num(np.ptp(labels.numbers[rows], axis=0)))
