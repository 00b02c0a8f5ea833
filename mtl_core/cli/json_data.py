"""Plain data of runs and metrics for ``--json``; without the classes of the spec, whose import takes long."""

import math
from collections.abc import Iterable
from typing import Any

from mtl_core.protocol.series_key import SeriesKey
from mtl_core.store.records import RunRecord


def record_data(record: RunRecord) -> dict[str, Any]:
    """Return the record of a run as plain data, with its number as ``run``."""
    data = {"run": record.id, **vars(record), "progress": record.progress and vars(record.progress)}
    del data["id"]
    return data


def metrics_by_split(values: Iterable[tuple[SeriesKey, float]]) -> dict[str, dict[str, dict[str, float]]]:
    """Nest values of series by split, task and metric; those of no task are left out."""
    nested: dict[str, dict[str, dict[str, float]]] = {}
    for (task, split, metric), value in values:
        if task:
            nested.setdefault(split, {}).setdefault(task, {})[metric] = value
    return nested


def replace_non_finite(data: Any) -> Any:
    """Replace NaN and infinities in plain data by text, as JSON has no such numbers."""
    match data:
        case dict():
            return {str(key): replace_non_finite(value) for key, value in data.items()}
        case list() | tuple():
            return [replace_non_finite(value) for value in data]
        case float() if not math.isfinite(data):
            return "NaN" if math.isnan(data) else "Infinity" if data > 0 else "-Infinity"
    return data
