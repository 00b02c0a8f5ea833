"""Fixtures of the runner: a store and short experiments."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mtl_core.spec import ExperimentSpec, set_at, spec_from_data
from mtl_core.store import RunStore, open_store

_IRIS: dict[str, Any] = {
    "version": 1,
    "name": "iris",
    "dataset": {"kind": "bundled", "name": "iris"},
    "tasks": [
        {"name": "species", "kind": "multiclass", "target": "species"},
        {"name": "width", "kind": "regression", "target": "petal width"},
    ],
    "model": {"shared": [{"kind": "linear", "out_features": 16}, {"kind": "relu"}, {"kind": "dropout", "p": 0.2}]},
    "training": {"epochs": 3, "batch_size": 16, "device": "cpu", "checkpoint_seconds": 0.0},
}

Experiment = Callable[..., ExperimentSpec]
Wait = Callable[..., None]


@pytest.fixture(scope="session")
def experiment() -> Experiment:
    """Makes the small experiment; ``training__epochs=9`` changes ``training.epochs``."""

    def make(**changes: Any) -> ExperimentSpec:
        data: Any = _IRIS
        for path, value in changes.items():
            data = set_at(data, path.replace("__", "."), value)
        return spec_from_data(data)

    return make


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """A new store."""
    with open_store(tmp_path / "runs.sqlite") as opened:
        yield opened


@pytest.fixture(scope="session")
def wait() -> Wait:
    """Wait until a condition holds; a minute, as the machine may be busy."""

    def until(condition: Callable[[], object], what: str = "the condition") -> None:
        end, pause = time.monotonic() + 60, threading.Event()
        while not condition():
            assert time.monotonic() < end, f"{what} never came"
            pause.wait(0.02)

    return until
