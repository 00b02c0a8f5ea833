"""Time from the start of the process to the first painted frame, and that of ``import torch``."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.benchmarks.window import Window

_IMPORT = "import torch; print('imported', flush=True)"


def start_up(folder: Path, rounds: int) -> tuple[float, float]:
    """Median seconds to the window's first frame with the example open, and to a finished ``import torch``."""
    window, torch = [], []
    for number in range(rounds):
        home = folder / f"home-{number}"
        home.mkdir()
        with Window(home, home / "runs.sqlite") as opened:
            said = opened.wait_for("painted")
            window.append(time.perf_counter() - opened.begun)
            assert said["document"], "the example must be open"
        torch.append(_timed(lambda: subprocess.run([sys.executable, "-c", _IMPORT], check=True, capture_output=True)))
    return median(window), median(torch)


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
