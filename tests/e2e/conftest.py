"""Fixtures of a real window over a real store with real workers, in this process and offscreen."""

import contextlib
import gc
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.application import start_garbage_collection
from app.jobs import Worker
from app.main_window import MainWindow
from app.navigation import Page
from app.plots import ticker
from app.session import Session
from app.settings import Settings
from app.theme import ThemeMode, apply_theme
from mtl_core.spec import save_spec
from mtl_core.store import RunStore, open_store
from mtl_core.store.processes import is_alive
from tests import fork_server
from tests.e2e.experiments import houses
from tests.e2e.person import PATIENCE_MS, Person
from tests.e2e.watchdog import Watchdog, WatchedBot

OpenWindow = Callable[..., Person]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the workers of a test from fighting over the processor."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def forked_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers begin with torch loaded; windows in processes of their own start them as ever."""
    monkeypatch.setattr("app.jobs.worker.process.Popen", fork_server.popen)


@pytest.fixture
def store(home: Path) -> Iterator[RunStore]:
    """The store that the windows use, to see from outside what is in it."""
    with open_store() as opened:
        yield opened
        orphans = {run.pid for run in opened.runs(archived=True) if run.state in ("running", "paused")}
        for pid in {*orphans, *_worker_children()}:
            if pid is not None and is_alive(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def watchdog(qapp: QApplication) -> Iterator[Watchdog]:
    """Fails the test in which the GUI thread was busy for too long; garbage is collected as in the application."""
    thresholds = gc.get_threshold()
    start_garbage_collection()
    watchdog = Watchdog()
    yield watchdog
    watchdog.close()
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    watchdog.check()


@pytest.fixture
def open_window(qtbot: QtBot, store: RunStore, watchdog: Watchdog, tmp_path: Path) -> Iterator[OpenWindow]:
    """Opens the application's window as its start does; at the end whatever is still open goes."""
    people: list[Person] = []
    bot = WatchedBot(qtbot, watchdog)

    def open_one(spec: Path | None = None, worker: Worker | None = None) -> Person:
        if spec is None:
            spec = tmp_path / "experiment.yaml"
            if not spec.exists():
                save_spec(houses(), spec)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        apply_theme(application, ThemeMode.LIGHT)
        session = Session(worker=worker, settings=Settings())
        window = MainWindow(session)
        window.resize(1280, 800)  # which the offscreen screen, 800 by 800, would not have
        assert window.files.load(spec)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow, timeout=PATIENCE_MS)
        session.start()
        QTimer.singleShot(50, window, window.warm_up)
        qtbot.waitUntil(lambda: window.stack.count() == len(Page), timeout=PATIENCE_MS)
        people.append(Person(bot, window))
        return people[-1]

    yield open_one
    for person in people:
        put_away(qtbot, person)


def _worker_children() -> Iterator[int]:
    """The workers that this process has started and that still live, so that no failed test leaves one training."""
    yield from fork_server.forked()
    for pid in fork_server.children_of(os.getpid()) - fork_server.servers():
        with contextlib.suppress(OSError):
            if b"mtl_core" in Path(f"/proc/{pid}/cmdline").read_bytes():
                yield pid


def put_away(qtbot: QtBot, person: Person) -> None:
    """Close a window without a question and wait until nothing of it is drawn any more."""
    with contextlib.suppress(RuntimeError):
        session = person.window.session
        person.window.close_now()
        qtbot.waitUntil(ticker().is_idle, timeout=PATIENCE_MS)
        person.window.deleteLater()
        session.deleteLater()
