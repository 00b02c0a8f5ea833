"""What snapshots of the last validation cost a training: a race with and without, and the time in their own calls."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from mtl_core.runner.execution import execute
from mtl_core.store import RunStore
from mtl_core.training.metrics.kept_outputs import KeptOutputs
from mtl_core.training.run_snapshots import RunSnapshots
from tests.benchmarks.workloads import Workload

SNAPSHOT_GOAL = 2.0
"""Percent of the time of a training."""
_CALLS = ((KeptOutputs, "clear"), (KeptOutputs, "add"), (RunSnapshots, "end_validation"), (RunSnapshots, "save"))


@dataclass(frozen=True)
class SnapshotCost:
    """Processor times of trainings, in seconds.

    Attributes:
        within: Median of the trainings with snapshots.
        without: Median of those without.
        own: Median share of a training with snapshots that is spent in what keeps and writes them.
    """

    within: float
    without: float
    own: float


def race_snapshots(workload: Workload, store: RunStore, rounds: int) -> SnapshotCost:
    """Train a workload with and without snapshots by turns."""
    _train(workload, store)  # reads the data, and loads what the first step does
    within, without, shares = [], [], []
    for number in range(rounds):
        for is_kept in (True, False) if number % 2 else (False, True):
            if is_kept:
                with _timed() as own:
                    took = _train(workload, store)
                within.append(took)
                shares.append(own[0] / took)
            else:
                with _replaced(lambda _name, _call: lambda *_, **__: None):
                    without.append(_train(workload, store))
    return SnapshotCost(median(within), median(without), median(shares))


def _train(workload: Workload, store: RunStore) -> float:
    start = time.process_time()
    ending = execute(store, store.create_run(workload.spec))
    assert ending.state == "finished", ending.error
    return time.process_time() - start


@contextmanager
def _timed() -> Iterator[list[float]]:
    """Adds up the processor time of the thread in the outermost of the calls."""
    total, depth = [0.0], [0]

    def timed(_name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            depth[0] += 1
            start = time.thread_time()
            try:
                return call(*arguments, **named)
            finally:
                depth[0] -= 1
                if not depth[0]:
                    total[0] += time.thread_time() - start

        return run

    with _replaced(timed):
        yield total


@contextmanager
def _replaced(make: Callable[[str, Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    """Replaces each of the calls until the block ends."""
    calls = [(owner, name, getattr(owner, name)) for owner, name in _CALLS]
    for owner, name, call in calls:
        setattr(owner, name, make(name, call))
    try:
        yield
    finally:
        for owner, name, call in calls:
            setattr(owner, name, call)
