"""Fixtures of exports: a store with two ended runs that have a row in every table, and a file each."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mtl_core.protocol.events import FinishEvent, StartEvent
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.requests import StopRequest
from mtl_core.spec import ExperimentSpec, StudyRun, spec_from_data
from mtl_core.store import Points, RunStore, SeriesKey, open_store


def make_spec(seed: int = 0) -> ExperimentSpec:
    """A small experiment with two tasks."""
    tasks = [{"name": name, "kind": "multiclass", "target": name} for name in ("left", "right")]
    return spec_from_data({"version": 1, "name": "two digits", "tasks": tasks, "training": {"seed": seed}})


def fill(store: RunStore, run: int) -> None:
    """Give a queued run rows in every table, one file, and an end."""
    store.claim(run, device="CPU", versions={"torch": "2.10"}, fingerprint="abc")
    store.add_request(run, StopRequest())
    store.add_event(run, StartEvent(step=0, message="started"))
    loss = SeriesKey("left", "train", "loss")
    accuracy = SeriesKey("left", "val", "accuracy")
    for start in (0, 3):
        steps = np.arange(start, start + 3)
        values = {loss: Points.of(steps, 1.5 / (steps + run)), accuracy: Points.of([start], [0.1 * start])}
        store.append(run, values, {"accuracy": "max"})
    store.append(run, {SeriesKey("right", "train", "loss"): Points.of([0, 1, 2], [np.nan, np.inf, 1 / 3])})
    store.record_heartbeat(run, Progress(epoch=2, epochs=2, step=6, steps=6))
    store.add_event(run, FinishEvent(step=6, message="finished"))
    checkpoint = store.artifacts_dir(run) / "best.safetensors"
    checkpoint.write_bytes(bytes(range(256)) * run)
    store.add_artifact(run, "checkpoint:best", checkpoint, {"step": 6})
    store.edit(run, tags=["first", f"run {run}"], notes="# Notes\n= good", starred=True)
    store.finish(run, "finished")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """A new store."""
    with open_store(tmp_path / "here" / "runs.sqlite") as opened:
        yield opened


@pytest.fixture
def runs(store: RunStore) -> list[int]:
    """A study of two seeds in the store."""
    numbers = store.create_study([StudyRun(make_spec(seed)) for seed in (1, 2)])
    for run in numbers:
        fill(store, run)
    return numbers
