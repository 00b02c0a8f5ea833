"""The longest time the window's thread was blocked while its own worker trains a run that Live shows."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.spec import load_preset, save_spec
from mtl_core.store import RunStore, open_store
from tests.benchmarks.window import Window
from tests.benchmarks.workloads import lasting

PAGES = ("data", "model", "training", "runs", "compare", "live")


@dataclass(frozen=True)
class Blocked:
    """A blockage: its length, the processor time of the GUI thread in it, both in seconds, and where it was seen."""

    seconds: float
    cpu: float
    at: str


def blocked(folder: Path, epochs: int) -> tuple[list[Blocked], list[Blocked]]:
    """The worst of watching a run on Live from pressing Run to its end; and of leafing through all pages meanwhile."""
    spec = folder / "experiment.yaml"
    save_spec(lasting(load_preset("multidigits"), epochs), spec)
    with Window(folder, folder / "runs.sqlite", spec) as window:
        window.wait_for("ready")
        watching = _run(window, folder)
        leafing = _run(window, folder, PAGES * 2)
    return watching, leafing


def _run(window: Window, folder: Path, visits: tuple[str, ...] = ()) -> list[Blocked]:
    """One run from pressing Run to its end; the pages are visited a second apart."""
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
    return [Blocked(**one) for one in worst]


def _is_over(store: RunStore, before: int) -> bool:
    runs = store.runs()
    return len(runs) > before and runs[0].ended
