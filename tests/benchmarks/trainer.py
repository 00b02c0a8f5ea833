"""The trainer as a worker runs it: a run of a store that a window follows."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mtl_core.datasets.data import TaskData
from mtl_core.protocol.events import Event
from mtl_core.runner.execution import execute
from mtl_core.spec import TOTAL
from mtl_core.store import RunStore, SeriesKey
from tests.benchmarks.by_hand import Took
from tests.benchmarks.workloads import Workload


@dataclass(frozen=True)
class Trained:
    """What a run took: its epochs, as the loops by hand are timed, and the whole of it.

    Attributes:
        around: Seconds spent before the first step and after the last epoch: building, checkpoints, test, merging.
        points: Values stored.
    """

    epochs: Took
    around: float
    points: int


class _Clocked:
    """A store that notes when events were written."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self.times: dict[str, tuple[float, float]] = {}

    def add_event(self, run: int, event: Event) -> None:
        self._store.add_event(run, event)
        self.times[event.kind] = time.perf_counter(), time.process_time()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def train(workload: Workload, data: TaskData, store: RunStore, follow: Callable[[int], None]) -> Trained:
    """Train a workload as a run of the store.

    Args:
        workload: What to train.
        data: Its data, as the store's run will load it.
        store: Where every loss goes.
        follow: Told of the run before it begins.
    """
    run = store.create_run(workload.spec)
    follow(run)
    clocked: Any = _Clocked(store)
    begun = time.perf_counter()
    ending = execute(clocked, run)
    whole = time.perf_counter() - begun
    assert ending.state == "finished", ending.error
    (start, start_cpu), (end, end_cpu) = clocked.times["start"], clocked.times["epoch"]
    rows = len(data.train) * workload.spec.training.epochs
    took = Took(rows, end - start, end_cpu - start_cpu)
    return Trained(took, whole - took.wall, _stored(workload, data, store, run))


def _stored(workload: Workload, data: TaskData, store: RunStore, run: int) -> int:
    """How many values were stored; every loss of every step must be among them."""
    series = store.read(run)[0]
    training = workload.spec.training
    steps = training.epochs * -(-len(data.train) // training.batch_size)
    for task in (*workload.spec.task_names, TOTAL):
        assert len(series[SeriesKey(task, "train", "loss")]) == steps
    return sum(map(len, series.values()))
