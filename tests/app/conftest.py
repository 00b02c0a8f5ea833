"""What tests of the window share: a worker that needs no torch, a store, and a spec."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.jobs import RunQueue, StoreService, Worker
from mtl_core.spec import ExperimentSpec, load_preset

FAKE_WORKER = (sys.executable, str(Path(__file__).parent / "jobs" / "fake_worker.py"))

Wait = Callable[..., Any]


@pytest.fixture
def wait(qtbot: QtBot) -> Wait:
    """Wait until a condition holds; ten seconds, as the machine may be busy."""

    def until(condition: Callable[[], object]) -> None:
        qtbot.waitUntil(lambda: bool(condition()), timeout=20_000)

    return until


@pytest.fixture
def fake_worker() -> Callable[[], Worker]:
    """Makes workers whose process is the fake one; who makes one closes it."""
    return lambda: Worker(FAKE_WORKER)


@pytest.fixture
def worker(qtbot: QtBot, fake_worker: Callable[[], Worker]) -> Iterator[Worker]:
    """A worker whose process is the fake one."""
    worker = fake_worker()
    yield worker
    worker.close()


@pytest.fixture
def store(qtbot: QtBot) -> Iterator[StoreService]:
    """The default store of this test's home, off the GUI thread."""
    service = StoreService()
    yield service
    service.close()


@pytest.fixture
def queue(store: StoreService, worker: Worker) -> Iterator[RunQueue]:
    """A queue over both."""
    queue = RunQueue(store, worker)
    queue.attach()
    yield queue
    queue.close()


@pytest.fixture
def spec_named() -> Callable[[str], ExperimentSpec]:
    """A valid spec; its name tells the fake worker what to do."""
    preset = load_preset("multidigits")
    return lambda name: preset.model_copy(update={"name": name})
