"""CSV export of the points of runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_core.csv_file import write_csv
from mtl_core.protocol.series_key import SeriesKey

if TYPE_CHECKING:
    from mtl_core.store import RunStore

HEADER = (*SeriesKey._fields, "step", "value")


def export_points(store: RunStore, runs: Sequence[int], path: Path) -> int:
    """Write every point of runs as ``task,split,metric,step,value``, for several runs preceded by ``run``.

    The file is written atomically; see :mod:`mtl_core.csv_file` for its form.

    Args:
        store: The store.
        runs: Numbers of the runs.
        path: The file.

    Returns:
        The number of points.

    Raises:
        InputError: ``path`` is not a plain file.
        EnvironmentFault: The file cannot be written.
    """
    header = ("run", *HEADER) if len(runs) > 1 else HEADER
    return write_csv(path, header, _rows(store, runs))


def _rows(store: RunStore, runs: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    for run in runs:
        series, _ = store.read(run)
        for key, points in series.items():
            columns = (run, *key) if len(runs) > 1 else key
            for step, value in zip(points.steps.tolist(), points.values.tolist(), strict=True):
                yield (*columns, step, value)
