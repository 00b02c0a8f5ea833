"""The GUI thread stays free with 10 000 runs in the store while three runs train, on every page."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.navigation import Page
from mtl_core.spec import save_spec
from mtl_core.store import open_store
from tests.benchmarks.run_list import fill_store
from tests.benchmarks.window import Window
from tests.e2e.experiments import ENDLESS, houses

RUNS = 10_000
BUSY_SECONDS = 0.1
"""Processor time for which the GUI thread may be busy at once; time that other processes take does not count."""
REST_MS = 800
PATIENCE_SECONDS = 120.0
ARRANGEMENTS = (
    "choose 9876",
    "sort price.val.rmse.best",
    "group weighting",
    "group name",
    "sort scores",
    'filter weighting.kind == "pcgrad" and category.accuracy > 0.9',
    "filter",
    "group",
    "choose 12",
)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(time, "thread_time"), reason="the system does not count the time of a thread")
def test_no_page_keeps_the_gui_thread_busy_with_ten_thousand_runs_and_three_trainings(tmp_path: Path) -> None:
    place, spec, home = tmp_path / "runs.sqlite", tmp_path / "experiment.yaml", tmp_path / "window"
    fill_store(place, RUNS)
    save_spec(houses(epochs=ENDLESS), spec)
    with open_store(place) as store, Window(home, place, spec) as window:
        window.wait_for("ready")
        window.ask("watch")
        window.ask(f"list {RUNS}")
        window.ask("together 3")
        _wait(lambda: len(store.run_ids(query="state:running")) == 3, "three runs to train")
        for _ in range(2):  # pages are built by the first visit
            for page in Page:
                window.ask(f"visit {page.key}")
                window.ask(f"rest {REST_MS}")
        window.ask(f"visit {Page.RUNS.key}")
        for arrangement in ARRANGEMENTS:
            window.ask(arrangement)
            window.ask(f"rest {REST_MS}")
        window.ask("group weighting")
        for page in (Page.DATA, Page.RUNS):  # opened while it is grouped
            window.ask(f"visit {page.key}")
            window.ask(f"rest {REST_MS}")
        window.ask("compare " + " ".join(map(str, range(RUNS - 19, RUNS + 4))))
        window.ask(f"rest {3 * REST_MS}")
        for run in (RUNS, RUNS + 1):
            window.ask(f"follow {run}")
            window.ask(f"rest {REST_MS}")
        busiest = window.ask("report")["busiest"]
        for run in store.run_ids(query="state:running"):
            store.kill(run)
    for one in busiest:
        print(f"{one['cpu'] * 1000:4.0f} ms of {one['seconds'] * 1000:.0f}  {one['at']}")
    assert max(one["cpu"] for one in busiest) <= BUSY_SECONDS, busiest


def _wait(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"never came: {what}"
        threading.Event().wait(0.1)
