"""Every point of some runs as CSV."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mtl_core.spec import InputError

if TYPE_CHECKING:
    from mtl_core.store import RunStore

HEADER = ("task", "split", "metric", "step", "value")


def export_points(store: RunStore, runs: Sequence[int], path: Path) -> int:
    """Write every point of ``runs`` as ``task,split,metric,step,value``; of several runs, ``run`` comes before.

    The file is whole or as it was.

    Args:
        store: Where the runs are.
        runs: Which.
        path: The file.

    Returns:
        How many points were written.

    Raises:
        InputError: The file cannot be written.
    """
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", dir=path.parent, delete=False) as file:
            temporary = file.name
            points = _write(store, runs, file)
        Path(temporary).replace(path)
        temporary = ""
    except OSError as error:
        raise InputError(str(path), "cannot be written", found=error.strerror or error) from None
    finally:
        if temporary:
            os.unlink(temporary)  # noqa: PTH108
    return points


def _write(store: RunStore, runs: Sequence[int], file: IO[str]) -> int:
    writer = csv.writer(file, lineterminator="\n")
    several = len(runs) > 1
    writer.writerow(("run", *HEADER) if several else HEADER)
    total = 0
    for run in runs:
        series, _ = store.read(run)
        for key, points in series.items():
            lead = (run, *key) if several else tuple(key)
            pairs = zip(points.steps.tolist(), points.values.tolist(), strict=True)
            writer.writerows((*lead, step, repr(value)) for step, value in pairs)
            total += len(points)
    return total
