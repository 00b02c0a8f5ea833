"""Classes that are in one split only."""

from collections.abc import Iterator

import numpy as np

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.datasets.preflight.fixes import stratify
from mtl_core.spec import shorten
from mtl_core.spec.data.data_findings import DataFinding
from mtl_core.tasks.targets.labels import Labels

_SPLITS = ("training", "validation", "test")


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find classes that are not learned because no training row has them, or not judged because no other row has."""
    for labels in data.labels:
        if labels.codes is not None:
            yield from _find_of_task(data, labels)


def _find_of_task(data: CheckedData, labels: Labels) -> Iterator[DataFinding]:
    assert labels.codes is not None
    counts = np.stack(
        [np.bincount(labels.codes[rows][labels.labeled[rows]], minlength=len(labels.classes)) for rows in data.splits]
    )
    in_one = (counts > 0).sum(0) == 1
    for part, title in enumerate(_SPLITS):
        classes = [labels.classes[code] for code in np.flatnonzero(in_one & (counts[part] > 0)).tolist()]
        if not classes or int((counts.sum(0) > 0).sum()) < 2:
            continue
        names = shorten(", ".join(map(repr, classes[:4])) + (" …" if len(classes) > 4 else ""))
        noun, have = ("class", "is") if len(classes) == 1 else ("classes", "are")
        outcome = "never judged" if part == 0 else "never learned"
        yield DataFinding(
            place="task",
            name=labels.task.name,
            what=f"The {noun} {names} {have} in the {title} rows only, and so {outcome}.",
            advice="Stratify the split, merge rare classes in the data, or add rows.",
            count=len(classes),
            fix=stratify(data),
        )
