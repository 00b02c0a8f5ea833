"""Inputs from which a target follows, or that were made from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.preflight.checked_data import CheckedData
from mtl_core.datasets.preflight.fixes import leave_out
from mtl_core.spec.data.data_findings import DataFinding
from mtl_core.tasks.targets.labels import Labels

_MIN_ROWS = 30
_CORRELATION, _SCREENED = 0.999, 0.9
"""The correlation that gives a column away, and the one of columns with gaps below which it is not computed exactly."""
_PURE = 0.999
_COVERED = 0.5
_MAX_VALUES = 0.2
"""A column that determines a target by its values has at most so many of them for each row."""
_MAX_GROUPS = 50


def find(data: CheckedData) -> Iterator[DataFinding]:
    """Find inputs that determine a target, one by one."""
    inputs = {}
    for column in data.table_inputs:
        cells = column.numbers if column.type == "numeric" else np.where(column.text < 0, np.nan, column.text)
        inputs[column.name] = _Sample(cells[data.sample], is_number=column.type == "numeric")
    for labels in data.labels:
        targets = _targets(labels, data)
        for name, sample in inputs.items():
            if reason := next(filter(None, (_relation(sample, target) for target in targets)), ""):
                yield DataFinding(
                    place="column",
                    name=name,
                    what=f"{reason} of task {labels.task.name!r}: it may have been made from the target.",
                    advice="Leave it out if it is not known before the target is.",
                    fix=leave_out(data, name),
                )


@dataclass(frozen=True, eq=False)
class _Sample:
    """Cells of some rows: numbers, or categories by number; NaN where missing.

    Attributes:
        cells: ``[N]``.
        is_number: Whether they are numbers.
    """

    cells: NDArray[np.float64]
    is_number: bool

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        return np.isfinite(self.cells)

    @cached_property
    def is_complete(self) -> bool:
        return bool(self.present.all())

    @cached_property
    def ranks(self) -> NDArray[np.float64]:
        """``[N]``, equal for equal cells, NaN where missing."""
        ranks = np.full(len(self.cells), np.nan)
        ranks[self.present] = np.unique(self.cells[self.present], return_inverse=True)[1].reshape(-1)
        return ranks

    @cached_property
    def unique_count(self) -> int:
        return int(np.nanmax(self.ranks)) + 1 if self.present.any() else 0

    @cached_property
    def scaled(self) -> NDArray[np.float64]:
        return _scale(self.cells)

    @cached_property
    def scaled_ranks(self) -> NDArray[np.float64]:
        return _scale(self.ranks)


def _scale(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of mean 0 and sum of squares 1; 0 where missing or constant."""
    if not np.isfinite(values).any():
        return np.zeros(len(values))
    centered = np.nan_to_num(values - np.nanmean(values))
    norm = float(np.sqrt(centered @ centered))
    return np.asarray(centered / norm if norm else centered)


def _targets(labels: Labels, data: CheckedData) -> list[_Sample]:
    """The classes, or each of the numbers, of a task; none of tasks whose labels are maps or sequences."""
    if labels.maps is not None or labels.task.per_token or not labels.task.predicts:
        return []
    if labels.codes is not None:
        codes = np.where(labels.codes < 0, np.nan, labels.codes)
        return [_Sample(codes[data.sample], is_number=False)]
    return [] if labels.numbers is None else [_Sample(v, is_number=True) for v in labels.numbers[data.sample].T]


def _relation(sample: _Sample, target: _Sample) -> str:
    """How an input tells a target; empty where it does not."""
    both = sample.present & target.present
    if min(sample.unique_count, target.unique_count) < 2 or both.sum() < _MIN_ROWS:
        return ""
    if sample.is_number and target.is_number and (reason := _correlation_reason(sample, target, both)):
        return reason
    noun = "value" if target.is_number else "class"
    if sample.unique_count <= _MAX_VALUES * len(both) and _determines(sample.ranks[both], target.ranks[both]):
        return f"Each of its values belongs to one {noun}"
    return _interval_reason(sample, target, both)


def _interval_reason(sample: _Sample, target: _Sample, both: NDArray[np.bool_]) -> str:
    if target.is_number:
        return "Its values divide the numbers into intervals" if _is_binning(sample, target, both) else ""
    if sample.is_number and _is_binning(target, sample, both):
        return "Each class has an interval of its numbers to itself, so that it tells the class"
    return ""


def _correlation_reason(sample: _Sample, target: _Sample, both: NDArray[np.bool_]) -> str:
    is_complete = sample.is_complete and target.is_complete
    if _correlation(sample.scaled, target.scaled, both, exact=is_complete) >= _CORRELATION:
        return "It is a linear function of a value"
    if target.unique_count <= 2:
        return ""
    if _correlation(sample.scaled_ranks, target.scaled_ranks, both, exact=is_complete) >= _CORRELATION:
        return "It grows or falls with every value"
    return ""


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64], both: NDArray[np.bool_], *, exact: bool) -> float:
    """The absolute correlation of scaled values; of values with gaps it is only computed where it may be high."""
    product = abs(float(x @ y))
    if exact or product < _SCREENED * np.sqrt(both.mean()):
        return product
    with np.errstate(all="ignore"):
        return float(np.nan_to_num(abs(np.corrcoef(x[both], y[both])[0, 1])))


def _determines(values: NDArray[np.float64], targets: NDArray[np.float64]) -> bool:
    """Whether rows of the same value nearly always have the same target, by values that repeat."""
    codes, classes = values.astype(np.int64), targets.astype(np.int64)
    repeated = np.bincount(codes)[codes] > 1
    if repeated.sum() < _COVERED * len(codes) or len(np.unique(classes[repeated])) < 2:
        return False
    width = int(classes.max()) + 1
    pairs, counts = np.unique(codes[repeated] * width + classes[repeated], return_counts=True)
    order = np.argsort(counts, kind="stable")
    largest = np.zeros(int(codes.max()) + 1, np.int64)
    largest[pairs[order] // width] = counts[order]
    return bool(largest.sum() >= _PURE * repeated.sum())


def _is_binning(groups: _Sample, numbers: _Sample, both: NDArray[np.bool_]) -> bool:
    """Whether each of two or more groups has an interval of the numbers to itself."""
    if not 2 <= groups.unique_count <= min(_MAX_GROUPS, numbers.unique_count // 2):
        return False
    codes = groups.ranks[both].astype(np.int64)
    present, counts = np.unique(codes, return_counts=True)
    if len(present) < 2 or counts.min() < 3:
        return False
    in_order = codes[np.lexsort((codes, numbers.cells[both]))]
    return int((np.diff(in_order) != 0).sum()) == len(present) - 1
