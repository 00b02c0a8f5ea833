"""Many short runs, queued by clicking while others run: rows at once, each once, and one process for all of them."""

import time
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton

from app.navigation import Page
from mtl_core.spec import save_spec
from mtl_core.store import RunRecord, RunStore
from tests.e2e.conftest import OpenWindow
from tests.e2e.experiments import ENDLESS, houses
from tests.e2e.person import Person

METHODS = {"pcgrad": "PCGrad (Yu et al. 2020)", "mgda": "MGDA (Sener & Koltun 2018)", "equal": "Equal"}
OF_A_STUDY = 6
"""Two seeds of all tasks, and of each of the two tasks alone."""


@pytest.mark.slow
def test_studies_of_three_methods_are_queued_at_once_while_a_run_trains(
    open_window: OpenWindow, store: RunStore, tmp_path: Path
) -> None:
    save_spec(houses(epochs=ENDLESS), tmp_path / "experiment.yaml")
    person = open_window()
    person.click("run")
    person.wait(lambda: [run.state for run in store.runs()] == ["running"], "the run to begin")
    person.page(Page.TRAINING)
    person.type_over("training.epochs", "2")
    person.type_over("study-seeds", "0, 1")
    waited = [
        queue_study(person, store, method, 1 + OF_A_STUDY * number) for number, method in enumerate(METHODS.values())
    ]
    print("rows after", ", ".join(f"{seconds:.2f} s" for seconds in waited))
    person.page(Page.RUNS)
    person.wait(lambda: len(person.cells("runs-table")) == 1 + 19, "a row for each run")
    person.wait(lambda: person.text("stop") == "Stop run 1", "the button of the run that trains")
    person.click("stop")
    person.wait(lambda: sorted(run.state for run in store.runs()) == ["finished"] * 18 + ["stopped"], "all to end")
    studies = [run for run in store.runs() if run.study is not None]
    assert {(run.method, run.seed, run.baseline) for run in studies if not run.baseline} == {
        (method, seed, "") for method in METHODS for seed in (0, 1)
    }
    assert len({(run.study, run.seed, run.baseline) for run in studies}) == 18  # none of them twice
    assert len({run.pid for run in store.runs()}) == 1


def queue_study(person: Person, store: RunStore, method: str, before: int) -> float:
    """Choose a method and double-click *Run with baselines*; the seconds until its rows are there."""
    person.page(Page.TRAINING)
    person.choose("weighting.kind", method)
    button = person.find("run-baselines", QAbstractButton)
    pressed = time.monotonic()
    person.click_on(button)
    button.click()  # the second of a double click: the page has turned under the mouse
    person.wait(lambda: len(store.runs(archived=True)) > before, "the rows")
    seconds = time.monotonic() - pressed
    assert [run.state for run in store.runs()[:OF_A_STUDY]] == ["queued"] * OF_A_STUDY
    person.wait(lambda: person.text("status-waiting") == f"{before - 1 + OF_A_STUDY} waiting", "the runs to wait")
    assert len(store.runs(archived=True)) == before + OF_A_STUDY
    return seconds


@pytest.mark.slow
def test_twelve_short_runs_train_one_after_the_other_in_one_process(
    open_window: OpenWindow, store: RunStore, tmp_path: Path
) -> None:
    save_spec(houses(epochs=12), tmp_path / "experiment.yaml")
    person = open_window()
    person.wait(lambda: person.window.session.devices, "the engine")
    person.page(Page.TRAINING)
    person.type_over("study-seeds", "0-11")
    person.click("run-seeds")
    pressed = time.monotonic()
    person.wait(lambda: [run.state for run in store.runs()] == ["finished"] * 12, "twelve runs to finish")
    runs: list[RunRecord] = store.runs()
    print(
        f"{time.monotonic() - pressed:.1f} s for twelve runs, of which {sum(run.seconds for run in runs):.1f} s trained"
    )
    assert len({run.pid for run in runs}) == 1
    assert [run.seed for run in sorted(runs, key=lambda run: run.started or 0.0)] == list(range(12))
