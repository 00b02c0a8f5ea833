"""Targets are read without importing libraries of metrics."""

import subprocess
import sys


def test_reading_targets_loads_no_metrics() -> None:
    code = "import sys, mtl_core.datasets.preparation, mtl_core.tasks; print('torchmetrics' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False"]
