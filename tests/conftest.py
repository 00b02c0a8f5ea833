"""Fixtures of every test: no display, a home folder of its own, and nothing left behind."""

import contextlib
import gc
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import fork_server

settings.register_profile("untimed", deadline=None)  # a busy machine must fail no test
settings.load_profile("untimed")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # test processes side by side would wait for each other's threads

if importlib.util.find_spec("tqdm"):  # torch.compile takes it where it is; its bars are watched by a thread that stays
    import tqdm

    tqdm.tqdm.monitor_interval = 0

_PATIENCE = 10.0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The application's folder, which is this test's alone."""
    folder = tmp_path / "home"
    monkeypatch.setenv("MTL_WORKBENCH_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True, scope="session")
def heeded_interrupts() -> Iterator[None]:
    """Let this process and those it starts heed interrupts, which a shell makes its background jobs ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True, scope="session")
def fork_servers() -> Iterator[None]:
    """End what forks processes for the tests once none is left."""
    yield
    fork_server.close_servers()


@pytest.fixture(autouse=True)
def nothing_left_behind(home: Path) -> Iterator[None]:
    """Fail a test that leaves a thread, a child process or a window."""
    threads, children, widgets = set(threading.enumerate()), _children(), _windows()
    yield
    _settle(widgets)
    assert _gone(lambda: set(threading.enumerate()) - threads, widgets) == [], "threads were left behind"
    left = _gone(lambda: _children() - children, widgets)
    _end(left)
    assert left == [], "child processes were left behind"
    assert _gone(lambda: _windows() - widgets, widgets) == [], "windows were left behind"


def _gone(left: Callable[[], set[object]], widgets: set[object]) -> list[str]:
    """What is still there after a fair wait."""
    end = time.monotonic() + _PATIENCE
    while (found := left()) and time.monotonic() < end:
        _settle(widgets)
        threading.Event().wait(0.01)
    return sorted(map(str, found))


def _settle(before: set[object]) -> None:
    """Let what was told to go, go; ``before``: the windows that may stay."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if _windows() - before:
        gc.collect()


def _windows() -> set[object]:
    """The top-level widgets there are, by class, name and identity.

    An empty, hidden widget without a class of its own is none of ours: Qt's ``QGraphicsGridLayout`` owns one, as long
    as its plot lives, and a window that several tests share may show other plots after a test than before it.
    """
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return set()
    from shiboken6 import getCppPointer

    tops = [widget for widget in widgets.QApplication.topLevelWidgets() if widget.parent() is None]
    tops = [
        one for one in tops if one.children() or one.isVisible() or one.objectName() or type(one).__name__ != "QWidget"
    ]
    return {f"{type(one).__name__} {one.objectName()} {getCppPointer(one)[0]}" for one in tops}


def _children() -> set[object]:
    """The numbers and commands of this process's children, where the system tells."""
    numbers = (fork_server.children_of(os.getpid()) - fork_server.servers()) | fork_server.forked()
    return {f"{number} {command}" for number in numbers if (command := _command(number))}


def _end(processes: list[str]) -> None:
    """Kill children that a test left, so that no other test meets them, and wait for their end."""
    numbers = {int(one.split()[0]) for one in processes}
    owners = [one for one in gc.get_objects() if isinstance(one, subprocess.Popen)] if numbers else []
    for process in (one for one in owners if one.pid in numbers and one.returncode is None):
        process.kill()
        process.communicate()  # or the next test is warned that it still runs
        numbers.discard(process.pid)
    for number in numbers:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(number, signal.SIGKILL)
            os.waitpid(number, 0)


def _command(number: int) -> str:
    """The command of a process; nothing for Python's own helper, which stays by design."""
    try:
        command = Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""
    return "" if "resource_tracker" in command else command or "(zombie)"
