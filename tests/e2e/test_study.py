"""Δm from one button: seeds and single-task baselines, queued, trained and judged."""

import pytest

from app.navigation import Page
from mtl_core.analysis.studies import read_study
from mtl_core.store import RunStore
from tests.e2e.conftest import OpenWindow


@pytest.mark.slow
def test_one_button_trains_seeds_and_baselines_and_compare_judges_them(
    open_window: OpenWindow, store: RunStore
) -> None:
    person = open_window()
    person.page(Page.TRAINING)
    person.type_over("study-seeds", "0, 1")
    person.reads("study-words", "6 runs")
    person.click("run-baselines")
    person.wait(lambda: person.window.current_page() == Page.LIVE, "the curves")
    person.wait(lambda: [run.state for run in store.runs()] == ["finished"] * 6, "six runs to finish")
    person.wait(lambda: any("Δm" in message for message in person.messages()), "what came of the study")
    person.page(Page.RUNS)
    person.wait(lambda: len(person.cells("runs-table")) == 7, "six runs in the table")
    person.choose_runs(1, 4)
    person.click("compare-runs")
    person.wait(lambda: "Δm" in person.text("compare-delta-1"), "Δm on Compare")
    study = read_study(store, 1)
    assert study is not None
    assert len(study.result.by_seed) == 2
    assert f"{abs(100 * study.result.delta_m.mean):.2f}" in person.text("compare-delta-1")
    person.wait(lambda: not person.messages(), "the messages to go")
    person.click("compare-measure")
    person.wait(lambda: len(person.cells("compare-cost")) > 3, "what inference costs")


@pytest.mark.slow
def test_baselines_can_be_added_to_a_run_that_is_done(open_window: OpenWindow, store: RunStore) -> None:
    person = open_window()
    person.click("run")
    person.wait(lambda: [run.state for run in store.runs()] == ["finished"], "the run to finish")
    person.page(Page.RUNS)
    person.choose_runs(1)
    person.pick_from("run-more", "Train its baselines")
    person.wait(lambda: [run.state for run in store.runs()] == ["finished"] * 3, "its baselines to finish")
    assert [(run.study, run.baseline) for run in store.runs()] == [(1, "sold"), (1, "price"), (1, "")]
    person.wait(lambda: any("Δm" in message for message in person.messages()), "what came of the study")
