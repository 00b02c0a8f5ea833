"""Seconds that the check of the data takes on a large table, once it has been read, and with reading it."""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from mtl_core.datasets.preflight.registry import CHECKS, check_data
from mtl_core.datasets.registry import open_source
from mtl_core.spec import spec_from_data

_REPEATS = 5


@dataclass(frozen=True)
class Preflight:
    """How long the check took.

    Attributes:
        rows: Rows of the table.
        columns: Its columns.
        checks: Number of checks.
        findings: Number of findings.
        reading: Seconds until the table was read.
        seconds: Median seconds of a check of the table that has been read; the first one, which computes the distinct
            values of all columns, is ``first``.
        first: Seconds of the first check.
    """

    rows: int
    columns: int
    checks: int
    findings: int
    reading: float
    seconds: float
    first: float


def preflight(folder: Path, rows: int) -> Preflight:
    """Write a table of twenty columns with some faults, and check it."""
    frame = _frame(rows)
    path = folder / "large.csv"
    frame.to_csv(path, index=False)
    targets = ["price", "sold", "kind"]
    tasks = [
        {"name": name, "kind": kind, "target": name}
        for name, kind in zip(targets, ("regression", "binary", "multiclass"), strict=True)
    ]
    inputs = [name for name in frame if name not in targets]
    spec = spec_from_data(
        {"version": 1, "dataset": {"kind": "table", "path": str(path), "inputs": inputs}, "tasks": tasks}
    )
    begun = time.perf_counter()
    open_source(spec.dataset)
    reading = time.perf_counter() - begun
    times = []
    for _ in range(_REPEATS):
        begun = time.perf_counter()
        findings = check_data(spec.dataset, spec.tasks)
        times.append(time.perf_counter() - begun)
    return Preflight(rows, frame.shape[1], len(CHECKS), len(findings), reading, median(times), times[0])


def _frame(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    numbers = {f"x{i}": rng.normal(size=rows).round(4) for i in range(9)}
    price = (100 * numbers["x0"] + rng.normal(0, 50, rows)).round(2)
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "customer": [f"C{i:06d}" for i in rng.integers(0, rows // 10, rows)],
            "day": (pd.to_datetime("2015-01-01") + pd.to_timedelta(np.arange(rows) % 3000, "D")).strftime("%Y-%m-%d"),
            **numbers,
            "age": rng.integers(18, 90, rows),
            "city": rng.choice([f"city {i}" for i in range(40)], rows),
            "income": np.where(rng.random(rows) < 0.03, -999, rng.integers(10, 200, rows)),
            "tax": (price * 0.1).round(4),
            "garden": rng.choice(["yes", "no"], rows),
            "price": price,
            "sold": rng.choice(["yes", "no"], rows),
            "kind": rng.choice(["flat", "house", "loft"], rows),
        }
    )
