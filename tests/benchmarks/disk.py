"""Training from files that are mapped into memory beside training from memory: speed, and the memory it takes.

The files are in the memory of the system, so that the disk is not what is measured. Torch has as many threads as a run
chooses, since a thread that reads ahead would compete with them; on a busy machine they wait for each other longer than
the difference that is looked for.
"""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from mtl_core.datasets.preparation import load
from mtl_core.media.limits import GIB, Limits, write_limits
from mtl_core.spec import ExperimentSpec, spec_from_data
from mtl_core.store import open_store
from tests.benchmarks.trainer import train
from tests.benchmarks.workloads import Workload

MEMORY, DISK = "in memory", "mapped from disk"
_CLASSES, _SIDE, _FILES = 4, 64, 64


@dataclass
class DiskRace:
    """What each round took.

    Attributes:
        speeds: Rows a second, by contestant and round.
        cpu: Seconds of processor time, by contestant and round.
        peaks: The most bytes of memory beyond those before the run, without the pages of mapped files; by contestant
            and round, 0 where the system does not say.
        size: Bytes of the decoded pictures.
        limit: The limit of memory of the second contestant.
    """

    speeds: dict[str, list[float]] = field(default_factory=lambda: {MEMORY: [], DISK: []})
    cpu: dict[str, list[float]] = field(default_factory=lambda: {MEMORY: [], DISK: []})
    peaks: dict[str, list[int]] = field(default_factory=lambda: {MEMORY: [], DISK: []})
    size: int = 0
    limit: int = 0

    @property
    def ratio(self) -> float:
        """Median over the rounds of the speed from disk against that from memory."""
        pairs = zip(self.speeds[DISK], self.speeds[MEMORY], strict=True)
        return median(disk / memory for disk, memory in pairs)

    @property
    def cpu_ratio(self) -> float:
        """Median over the rounds of the processor time from disk against that from memory."""
        return median(disk / memory for disk, memory in zip(self.cpu[DISK], self.cpu[MEMORY], strict=True))


def race_disk(folder: Path, rows: int, rounds: int) -> DiskRace:
    """Train a small network on pictures in turn from memory and from disk, after a round that does not count.

    Args:
        folder: For pictures, cache and stores.
        rows: Number of pictures; the limit of memory is half of what they take decoded.
        rounds: How many count.
    """
    before = os.environ.get("MTL_WORKBENCH_HOME")
    os.environ["MTL_WORKBENCH_HOME"] = str(folder / "home")
    try:
        return _race(folder, rows, rounds)
    finally:
        if before is None:
            del os.environ["MTL_WORKBENCH_HOME"]
        else:
            os.environ["MTL_WORKBENCH_HOME"] = before


def _race(folder: Path, rows: int, rounds: int) -> DiskRace:
    spec = _spec(_write_pictures(folder / "pictures", rows))
    workload = Workload("pictures", "pictures", spec, nn.Module, lambda model: torch.optim.SGD([]), (), ())
    found = DiskRace(size=rows * 3 * _SIDE**2)
    found.limit = found.size // 2
    limits = {MEMORY: Limits(memory=4 * found.size / GIB), DISK: Limits(memory=found.limit / GIB)}
    for number in range(rounds + 1):
        for name in (MEMORY, DISK) if number % 2 else (DISK, MEMORY):  # neither always has the warmer processor
            write_limits(limits[name])
            data = load(spec.dataset, spec.tasks)
            assert data.train.is_mapped == (name == DISK)
            with open_store(folder / f"{name}{number}.sqlite") as store, _peak_memory() as peak:
                took = train(workload, data, store, lambda run: None)
            if number:
                found.speeds[name].append(took.epochs.speed)
                found.cpu[name].append(took.epochs.cpu)
                found.peaks[name].append(peak[0])
    return found


def _write_pictures(folder: Path, rows: int) -> Path:
    """Write a few pictures, each under many names."""
    rng = np.random.default_rng(0)
    for number in range(rows):
        name = folder / f"class {number % _CLASSES}" / f"{number}.png"
        name.parent.mkdir(parents=True, exist_ok=True)
        if number < _FILES:
            Image.fromarray(rng.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)).save(name)
        else:
            first = number % _FILES
            name.hardlink_to(folder / f"class {first % _CLASSES}" / f"{first}.png")
    return folder


def _spec(folder: Path) -> ExperimentSpec:
    shared: list[dict[str, Any]] = [
        {"kind": "conv2d", "out_channels": 16, "kernel_size": 5, "stride": 4, "padding": 2},
        {"kind": "relu"},
        {"kind": "global_avg_pool"},
    ]
    return spec_from_data(
        {
            "version": 2,
            "name": "pictures",
            "dataset": {"kind": "image_folder", "path": str(folder)},
            "tasks": [{"name": "class", "kind": "multiclass", "target": "class"}],
            "model": {"shared": shared},
            "training": {"epochs": 6, "batch_size": 64},
        }
    )


@contextmanager
def _peak_memory() -> Iterator[list[int]]:
    """Context manager that gives a list, whose number is then the most memory in use beyond that at its start."""
    base, peak, done = _memory(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], _memory() - base)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def _memory() -> int:
    """Bytes of this process that are no pages of files; 0 where the system does not say."""
    status = Path("/proc/self/status")
    found = re.search(r"RssAnon:\s*(\d+)", status.read_text()) if status.exists() else None
    return 1024 * int(found[1]) if found else 0
