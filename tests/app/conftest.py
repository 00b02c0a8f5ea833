"""Fixtures of the window's tests: a worker without torch, a store, and a spec."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.jobs import RunQueue, StoreService, Worker
from app.main_window import MainWindow
from app.session import Session
from app.theme import apply_theme
from mtl_core.spec import ExperimentSpec, load_preset
from tests import fork_server

FAKE_WORKER = (sys.executable, str(Path(__file__).parent / "jobs" / "fake_worker.py"))

Wait = Callable[..., Any]
PATIENCE_MS = 60_000
"""How long a test of the window waits for something, as the machine may be busy."""


class PatientBot(QtBot):
    """Waits longer than pytest-qt does by default; a condition that holds at once costs nothing."""

    def waitUntil(self, callback: Callable[[], object], *, timeout: int = PATIENCE_MS) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **options: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **options)

    def waitSignals(self, signals: Any, *, timeout: int = PATIENCE_MS, **options: Any) -> Any:
        return super().waitSignals(signals, timeout=timeout, **options)


class Answers:
    """A person who has made up their mind."""

    def __init__(self) -> None:
        self.choice = ""
        self.file: Path | None = None
        self.asked: list[str] = []

    def choose(self, title: str, text: str, choices: Sequence[str]) -> str:
        self.asked.append(title)
        return self.choice if self.choice in choices else choices[-1]

    def file_to_open(self, folder: Path) -> Path | None:
        return self.file

    def file_to_save(self, suggestion: Path) -> Path | None:
        return self.file


@pytest.fixture(autouse=True)
def forked_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers begin with their modules loaded."""
    monkeypatch.setattr("app.jobs.worker.process.Popen", fork_server.popen)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """pytest-qt's, with more patience."""
    return PatientBot(request)


@pytest.fixture
def wait(qtbot: QtBot) -> Wait:
    """Wait until a condition holds."""

    def until(condition: Callable[[], object]) -> None:
        qtbot.waitUntil(lambda: bool(condition()))

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
def answers() -> Answers:
    """What the person in front of a window answers."""
    return Answers()


@pytest.fixture
def make_window(
    qtbot: QtBot, qapp: QApplication, answers: Answers, fake_worker: Callable[[], Worker]
) -> Iterator[Callable[[], MainWindow]]:
    """Makes windows; those still open are closed without a question."""
    apply_theme(qapp, "light")
    made: list[MainWindow] = []

    def make() -> MainWindow:
        made.append(MainWindow(Session(worker=fake_worker()), answers))
        made[-1].resize(1280, 800)  # which the offscreen screen, 800 by 800, would not have
        return made[-1]

    yield make
    for window in made:
        window.close_now()
        window.deleteLater()


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


@pytest.fixture
def validations(monkeypatch: pytest.MonkeyPatch) -> list[str | bytes | bytearray]:
    """The texts that were validated as an experiment since."""
    texts: list[str | bytes | bytearray] = []
    validate = ExperimentSpec.model_validate_json

    def count(text: str | bytes | bytearray) -> ExperimentSpec:
        texts.append(text)
        return validate(text)

    monkeypatch.setattr(ExperimentSpec, "model_validate_json", count)
    return texts


def show_window(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """Show a window, in front and at work as after a start."""
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.session.start()
    return window


@pytest.fixture
def window(make_window: Callable[[], MainWindow], qtbot: QtBot) -> MainWindow:
    """A window on the bundled example."""
    window = make_window()
    window.files.example()
    return show_window(window, qtbot)
