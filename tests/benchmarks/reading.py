"""Seconds until a large CSV file is shown and until all of it is described, each in a process of its own."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

_MEASURE = """
import json, re, sys, time
from pathlib import Path
import torch
from mtl_core.datasets.description import describe, describe_sample
from mtl_core.spec import TableDataset
def peak_bytes():
    status = Path("/proc/self/status")  # getrusage counts what the process had before it began this program
    found = re.search(r"VmHWM:\\s*(\\d+)", status.read_text()) if status.exists() else None
    return 1024 * int(found[1]) if found else 0


dataset = TableDataset(path=sys.argv[1])
begun, base = time.perf_counter(), peak_bytes()
shown = describe_sample(dataset)
preview = time.perf_counter() - begun
info = describe(dataset)
seconds = time.perf_counter() - begun - preview
print(json.dumps([preview, shown.rows, seconds, info.rows, base, peak_bytes()]))
"""


@dataclass(frozen=True)
class Reading:
    """How a file was read.

    Attributes:
        preview: Seconds until some rows were described.
        estimate: The number of rows that was estimated from them.
        whole: Seconds until all rows were described.
        rows: The number of rows.
        base: Bytes of memory that the process had before.
        peak: The most bytes of memory that it had.
        size: Bytes of the file.
    """

    preview: float
    estimate: int
    whole: float
    rows: int
    base: int
    peak: int
    size: int


def read_large(folder: Path, rows: int) -> Reading:
    """Write a table of nine columns and read it as the window does."""
    path = folder / "large.csv"
    _frame(rows).to_csv(path, index=False)
    done = subprocess.run([sys.executable, "-c", _MEASURE, str(path)], check=True, capture_output=True, text=True)
    return Reading(*json.loads(done.stdout), path.stat().st_size)


def _frame(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    days = pd.to_timedelta(rng.integers(0, 8000, rows), "D")
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "area": rng.gamma(2, 40, rows).round(2),
            "rooms": rng.integers(1, 8, rows),
            "city": rng.choice(["Seoul", "Busan", "Daegu", "Incheon"], rows),
            "built": pd.to_datetime("2000-01-01") + days,
            "x": rng.normal(size=rows).round(4),
            "y": rng.normal(size=rows).round(4),
            "price": rng.gamma(3, 100, rows).round(1),
            "sold": rng.choice(["yes", "no"], rows),
        }
    )
