"""The leading scores of a run: one of each task, and how runs are sorted by them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtl_core.store import SeriesKey

_PREFERRED_METRICS = ("accuracy", "r2", "auroc", "f1", "iou", "quadratic_kappa", "loss")
"""Metrics shown for a task whose score is not known or not stored; the first that it has."""
_SIGN, _ALL_BITS = 1 << 63, (1 << 64) - 1
_shared: dict[tuple[SeriesKey, ...], tuple[SeriesKey, ...]] = {}
"""One tuple for all runs with the same leading scores, as more objects make garbage collection slower."""


def leading_keys(
    tasks: Iterable[str], metrics: Iterable[SeriesKey], marked: Mapping[str, str]
) -> tuple[SeriesKey, ...]:
    """The validation series of each task's score, else of its leading metric, in the order of the tasks.

    Args:
        tasks: The tasks.
        metrics: The series that have values.
        marked: The score metric of each task, as far as it is known.
    """
    own: dict[str, dict[str, SeriesKey]] = {}
    for key in metrics:
        if key.split == "val":
            own.setdefault(key.task, {})[key.metric] = key
    keys = []
    for task in tasks:
        series, score = own.get(task, {}), marked.get(task, "")
        if name := score if score in series else next((name for name in _PREFERRED_METRICS if name in series), ""):
            keys.append(series[name])
    return _shared.setdefault(tuple(keys), tuple(keys))


def score_sort_key(keys: Sequence[SeriesKey], values: Sequence[float]) -> str:
    """Sort key by metric, then by the mean of all tasks, or by the first task if their metrics differ."""
    if not keys:
        return ""
    mean = sum(values) / len(values) if same_metric(keys) else values[0]
    return f"{keys[0].metric} {_sortable_float(mean)}"


def same_metric(keys: Iterable[SeriesKey]) -> bool:
    """Whether all scores are of one metric."""
    return len({key.metric for key in keys}) == 1


def _sortable_float(value: float) -> str:
    """A text that sorts like the number: its bits, inverted if it is negative."""
    bits = int.from_bytes(struct.pack(">d", value), "big")
    return f"{bits ^ _ALL_BITS if bits >> 63 else bits | _SIGN:016x}"
