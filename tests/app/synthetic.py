"""A store with runs whose curves are synthetic, for tests and screenshots of the pages that draw them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_core.protocol.events import EpochEvent, StartEvent, WeightsData, WeightsEvent
from mtl_core.spec import ExperimentSpec, spec_from_data
from mtl_core.store import Points, Progress, RunStore, SeriesKey, open_store

if TYPE_CHECKING:
    from PySide6.QtWidgets import QTableView

STEPS_PER_EPOCH = 300


def experiment(tasks: Sequence[str] = ("left", "right"), **changes: Any) -> ExperimentSpec:
    """A small valid experiment; ``changes`` replace whole sections, e.g. ``weighting={"kind": "equal"}``."""
    head = [{"kind": "linear", "out_features": changes.pop("width", 64)}, {"kind": "relu"}]
    data: dict[str, Any] = {
        "version": 1,
        "name": "two digits, hard sharing",
        "dataset": {"kind": "bundled", "name": "multidigits"},
        "tasks": [{"name": task, "kind": "multiclass", "target": task} for task in tasks],
        "model": {
            "shared": [{"kind": "flatten"}, {"kind": "linear", "out_features": 128}, {"kind": "relu"}],
            "heads": dict.fromkeys(tasks, head),
        },
        "weighting": {"kind": "uncertainty"},
        "training": {"epochs": 20, "batch_size": 128},
    }
    return spec_from_data(data | changes)


def add_run(
    store: RunStore,
    spec: ExperimentSpec,
    *,
    seed: int = 0,
    epochs: int = 20,
    until: int | None = None,
    state: str = "finished",
    error: str = "",
    moved_at: int | None = None,
) -> int:
    """Writes a run with falling losses, rising accuracies and drifting weights, as a worker would.

    Args:
        store: Where to.
        spec: What was run.
        seed: Of the noise.
        epochs: Epochs planned.
        until: Steps done; all of them when None.
        state: What became of it; ``running`` leaves it open, ``queued`` does not start it.
        error: Why it failed.
        moved_at: Step at which the first task's weight was moved by hand.
    """
    run = store.create_run(spec)
    if state == "queued":
        return run
    steps = epochs * STEPS_PER_EPOCH
    done = steps if until is None else until
    store.claim(run, pid=_own_pid(), host=_host(), device="CPU", versions={"torch": "2.13"})
    store.add_event(run, StartEvent(step=0, message="started on CPU"))
    tasks = [task.name for task in spec.tasks]
    store.append(run, _points(tasks, done, np.random.default_rng(seed), seed, moved_at), directions=_directions(tasks))
    for epoch in range(1, done // STEPS_PER_EPOCH + 1):
        store.add_event(
            run, EpochEvent(step=epoch * STEPS_PER_EPOCH, message=f"epoch {epoch}: val left 0.231 right 0.287")
        )
    if moved_at is not None:
        weights = {task: 0.36 if task == tasks[0] else 1.0 for task in tasks}
        text = f"weight {tasks[0]} 1.00 → 0.36 by hand"
        data = WeightsData(weights=weights, step=moved_at)
        store.add_event(run, WeightsEvent(step=moved_at, message=text, data=data))
    left = 70.0 * (1 - done / steps)
    store.record_heartbeat(run, Progress(done // STEPS_PER_EPOCH, epochs, done, steps, 12840.0, left))
    if state in ("running", "paused"):
        store.set_state(run, state)  # type: ignore[arg-type]
    else:
        if state == "finished":
            store.append(run, _tests(tasks, done, seed), directions=_directions(tasks))
        store.finish(run, state, error)  # type: ignore[arg-type]
    return run


def synthetic_store(place: Path) -> RunStore:
    """A store with three finished runs that differ in weighting, learning rate and width."""
    store = open_store(place)
    slow = {"epochs": 20, "batch_size": 128, "optimizer": {"kind": "adamw", "lr": 5e-4}}
    add_run(store, experiment(weighting={"kind": "equal"}), seed=1)
    add_run(store, experiment(name="baseline"), seed=2, moved_at=2600)
    add_run(store, experiment(weighting={"kind": "pcgrad"}, training=slow, width=128), seed=3)
    return store


def _points(
    tasks: list[str], done: int, rng: np.random.Generator, seed: int, moved_at: int | None
) -> dict[SeriesKey, Points]:
    steps = np.arange(1, done + 1)
    ends = np.arange(STEPS_PER_EPOCH, done + 1, STEPS_PER_EPOCH)
    found: dict[SeriesKey, Points] = {}
    total, total_val = np.zeros(steps.size), np.zeros(ends.size)
    for index, task in enumerate(tasks):
        low, rate = 0.14 + 0.04 * index + 0.02 * (seed % 3), 900 + 150 * index
        loss = low + 0.85 * np.exp(-steps / rate) + 0.03 * rng.standard_normal(steps.size)
        val = low + 0.08 + 0.8 * np.exp(-ends / rate)
        weight = 0.5 + 0.12 * (1 - index) * (1 - np.exp(-steps / 1200))
        total, total_val = total + loss, total_val + val
        if moved_at is not None:
            weight[steps >= moved_at] = 0.36 if index == 0 else 1.0
        found[SeriesKey(task, "train", "loss")] = Points.of(steps, loss)
        found[SeriesKey(task, "train", "weight")] = Points.of(steps, weight)
        if ends.size:
            found[SeriesKey(task, "val", "loss")] = Points.of(ends, val)
            accuracy = 0.97 - 0.01 * index - 0.9 * np.exp(-ends / 1000)
            found[SeriesKey(task, "val", "accuracy")] = Points.of(ends, accuracy)
            found[SeriesKey(task, "val", "f1")] = Points.of(ends, accuracy - 0.02)
    found[SeriesKey("total", "train", "loss")] = Points.of(steps, total)
    found[SeriesKey("", "train", "lr")] = Points.of(steps, 1e-3 * np.ones(steps.size))
    if ends.size:
        found[SeriesKey("total", "val", "loss")] = Points.of(ends, total_val)
    return found


def _tests(tasks: list[str], done: int, seed: int) -> dict[SeriesKey, Points]:
    found: dict[SeriesKey, Points] = {}
    for index, task in enumerate(tasks):
        accuracy = (0.956, 0.973, 0.957)[(seed - 1) % 3] - 0.01 * index
        found[SeriesKey(task, "test", "accuracy")] = Points.of([done], [accuracy])
        found[SeriesKey(task, "test", "loss")] = Points.of([done], [1.2 - accuracy])
    return found


def _directions(tasks: list[str]) -> dict[SeriesKey, Any]:
    best = {"loss": "min", "accuracy": "max", "f1": "max"}
    return {
        SeriesKey(task, split, metric): way
        for task in [*tasks, "total"]
        for split in ("train", "val", "test")
        for metric, way in best.items()
    }


def _own_pid() -> int:
    import os

    return os.getpid()


def _host() -> str:
    from mtl_core.store import host_name

    return host_name()


def cells(table: QTableView) -> list[list[str]]:
    """The texts of a table, row by row."""
    model = table.model()
    return [
        [str(model.index(row, column).data() or "") for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def headers(table: QTableView) -> list[str]:
    """The headers of a table."""
    from PySide6.QtCore import Qt

    model = table.model()
    return [str(model.headerData(column, Qt.Orientation.Horizontal)) for column in range(model.columnCount())]


def is_bold(table: QTableView, row: int, column: int) -> bool:
    """Whether a cell of a table is bold."""
    from PySide6.QtCore import Qt

    font = table.model().index(row, column).data(Qt.ItemDataRole.FontRole)
    return font is not None and bool(font.bold())
