"""Every point of some runs as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_core.csv_file import write_csv

if TYPE_CHECKING:
    from mtl_core.store import RunStore

HEADER = ("task", "split", "metric", "step", "value")


def export_points(store: RunStore, runs: Sequence[int], path: Path) -> int:
    """Write every point of ``runs`` as ``task,split,metric,step,value``; of several runs, ``run`` comes before.

    The file is whole or as it was; see :mod:`mtl_core.csv_file` for its form.

    Args:
        store: Where the runs are.
        runs: Which.
        path: The file.

    Returns:
        How many points were written.

    Raises:
        InputError: ``path`` is no plain file.
        EnvironmentFault: The file cannot be written.
    """
    header = ("run", *HEADER) if len(runs) > 1 else HEADER
    return write_csv(path, header, _rows(store, runs))


def _rows(store: RunStore, runs: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    for run in runs:
        series, _ = store.read(run)
        for key, points in series.items():
            lead = (run, *key) if len(runs) > 1 else tuple(key)
            for step, value in zip(points.steps.tolist(), points.values.tolist(), strict=True):
                yield (*lead, step, value)
