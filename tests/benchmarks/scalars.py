"""What scalars cost the trainer, how many reach the disk in a second, and how fast they are read again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event

import numpy as np
import torch

from mtl_core.protocol.progress import Progress
from mtl_core.runner.store_recorder import StoreRecorder
from mtl_core.spec import ExperimentSpec, TargetInfo, spec_from_data
from mtl_core.store import RunStore, SeriesKey, open_store
from mtl_core.tasks import build_task
from mtl_core.training.metrics.loss_floor import LossFloor
from mtl_core.training.metrics.metric_log import MetricLog
from mtl_core.training.trainer import TICK_SECONDS
from tests.training.toy import without_resources

MEDIAN_GOAL, SLOW_GOAL, WRITE_GOAL, READ_GOAL = 50, 1000, 1.0, 0.1
"""Microseconds of a step: median, 99th percentile; millions of scalars a second, at least; seconds."""
_TASKS = tuple(f"task {number}" for number in range(4))
"""Their losses and weights, the total and the learning rate are ten scalars a step."""
_STEP_SECONDS = 0.002
"""A step of a small network on a CPU."""
_SERIES, _CHUNK = 10, 10_000
_RUNS, _POINTS = 20, 50_000


@dataclass(frozen=True)
class ScalarTimes:
    """What scalars take.

    Attributes:
        median: Microseconds of processor time that the ten scalars of a step cost the trainer, in the median.
        slow: At the 99th percentile.
        writing: Microseconds of a step in which the scalars of the last 0.3 s are written too, in the median.
        written: Millions of scalars that reach the disk in a second.
        read: Seconds in which a million points of twenty runs are read.
    """

    median: float
    slow: float
    writing: float
    written: float
    read: float


def time_scalars(folder: Path, steps: int) -> ScalarTimes:
    """Measure on a store of its own, with the recorder of a worker."""
    with open_store(folder / "runs.sqlite") as store:
        plain, writing = _step_times(store, steps)
        written = max(_write_speed(store, _POINTS * _RUNS // _SERIES) for _ in range(3))
        runs = [_written_run(store, _POINTS // _SERIES) for _ in range(_RUNS)]
        read = min(_seconds(lambda: [store.read(run) for run in runs]) for _ in range(5))
    each = [*plain, *writing]
    return ScalarTimes(median(each), float(np.percentile(each, 99)), median(writing), written, read)


def _spec() -> ExperimentSpec:
    tasks = [{"name": name, "kind": "regression", "target": name} for name in _TASKS]
    return spec_from_data(
        {
            "version": 1,
            "name": "scalars",
            "dataset": {"kind": "table", "path": "scalars.csv", "inputs": ["a"]},
            "tasks": tasks,
            "model": {"shared": [{"kind": "linear", "out_features": 4}]},
        }
    )


def _step_times(store: RunStore, steps: int) -> tuple[list[float], list[float]]:
    """Microseconds of processor time that logging takes in steps which compute for two milliseconds.

    As in the trainer, everything new is written and the progress reported every 0.3 seconds, within a step.

    Returns:
        The times of the steps that only log, and of those that write too.
    """
    spec, run = _spec(), _claimed_run(store)
    recorder = StoreRecorder(store, run, Event())
    tasks = [build_task(task, TargetInfo(name=task.name, kind=task.kind)) for task in spec.tasks]
    log = MetricLog(recorder, tasks, {}, LossFloor(spec.weighting, _TASKS))
    losses, weights = list(torch.rand(len(_TASKS))), torch.ones(len(_TASKS))
    plain, writing, interval = list[float](), list[float](), round(TICK_SECONDS / _STEP_SECONDS)
    for step in range(steps):
        begun, writes = time.thread_time(), step % interval == interval - 1
        if writes:
            log.flush(step, weights)
            position = Progress(0, 1, step, steps)
            log.report_progress(position, batch_size=64, validations=1, checkpoint_seconds=10.0)
        log.log_step([loss.detach() for loss in losses], weights.clone(), 0.01, None)
        (writing if writes else plain).append(1e6 * (time.thread_time() - begun))
    log.flush(steps, weights)
    assert len(without_resources(store.read(run)[0])) == 2 * len(_TASKS) + 2
    return plain, writing


def _write_speed(store: RunStore, points: int) -> float:
    """Millions of scalars a second that the recorder writes, from the first to the last commit and the merge."""
    seconds = _seconds(lambda: _written_run(store, points))
    return points * _SERIES / seconds / 1e6


def _written_run(store: RunStore, points: int) -> int:
    """A finished run with ten series of some points, written in parts."""
    run, random = _claimed_run(store), np.random.default_rng(0)
    recorder = StoreRecorder(store, run, Event())
    keys = [SeriesKey(f"task {number}", "train", "loss") for number in range(_SERIES)]
    for first in range(0, points, _CHUNK):
        steps = np.arange(first, min(first + _CHUNK, points))
        recorder.points({key: (steps, random.random(len(steps))) for key in keys}, {})
    store.merge(run)
    store.finish(run, "finished")
    return run


def _claimed_run(store: RunStore) -> int:
    run = store.create_run(_spec())
    store.claim(run, device="CPU", versions={})
    return run


def _seconds(function: Callable[[], object]) -> float:
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun
