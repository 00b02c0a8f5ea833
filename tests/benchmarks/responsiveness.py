"""The longest time for which the GUI thread was blocked while a run trains and the Live page shows it."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import Any

from app.navigation import Page
from mtl_core.spec import load_preset, save_spec
from mtl_core.store import RunStore, open_store
from tests.benchmarks.window import Window
from tests.benchmarks.workloads import lasting

_VISITS = (Page.DATA, Page.MODEL, Page.TRAINING, Page.RUNS, Page.COMPARE, Page.LIVE)

_SLEEP = """
import sys, threading, time
end = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), end.set())).start()
last, longest = time.perf_counter(), 0.0
while not end.is_set():
    time.sleep(0.005)
    now = time.perf_counter()
    last, longest = now, max(longest, now - last)
print(longest)
"""


@dataclass(frozen=True)
class Blocked:
    """A blockage: its length, the processor time of the GUI thread in it, both in seconds, and where it was seen."""

    seconds: float
    cpu: float
    at: str


class Sleeper:
    """A process that does nothing but wake every 5 ms: how late it gets is the machine's own doing."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", _SLEEP], stdin=PIPE, stdout=PIPE, encoding="utf-8")

    def longest(self) -> float:
        """End it; the longest time between two wakings, in seconds."""
        return float(self._process.communicate()[0])


@dataclass(frozen=True)
class Scene:
    """The worst blockages of one run, and how late a process that only sleeps got at the same time."""

    worst: tuple[Blocked, ...]
    sleeper: float


def blocked(folder: Path, epochs: int) -> tuple[Scene, Scene]:
    """Watching a run on Live from pressing Run to its end; leafing through all pages meanwhile."""
    spec = folder / "experiment.yaml"
    save_spec(lasting(load_preset("multidigits"), epochs), spec)
    with Window(folder, folder / "runs.sqlite", spec) as window:
        window.wait_for("ready")
        watching = _run(window, folder)
        leafing = _run(window, folder, tuple(page.key for page in _VISITS * 2))
    return watching, leafing


def _run(window: Window, folder: Path, visits: tuple[str, ...] = ()) -> Scene:
    """One run from pressing Run to its end; the pages are visited a second apart."""
    sleeper = Sleeper()
    window.ask("watch")
    with open_store(folder / "runs.sqlite") as store:
        before = len(store.runs())
        window.ask("run")
        pages = list(visits)
        while not _is_over(store, before):
            time.sleep(1.0)
            if pages and len(store.runs()) > before:
                window.ask(f"visit {pages.pop(0)}")
    time.sleep(1.0)
    worst: list[dict[str, Any]] = window.ask("report")["blocked"]
    return Scene(tuple(Blocked(**one) for one in worst), sleeper.longest())


def _is_over(store: RunStore, before: int) -> bool:
    runs = store.runs()
    return len(runs) > before and runs[0].has_ended
