"""Seeds trained together and averaged, from the window."""

import pytest

from app.navigation import Page
from mtl_core.cli import main
from mtl_core.store import RunStore
from tests.e2e.conftest import OpenWindow


@pytest.mark.slow
def test_seeds_trained_together_are_averaged_beside_each_other_and_other_tasks_are_refused(
    open_window: OpenWindow, store: RunStore, capfd: pytest.CaptureFixture[str]
) -> None:
    person = open_window()
    person.page(Page.TRAINING)
    person.type_over("study-seeds", "0, 1")
    person.click("study-together")
    person.click("run-seeds")
    person.wait(lambda: [run.state for run in store.runs()] == ["finished"] * 2, "two runs to finish")
    assert any("together with run 2" in event.message for event in store.events(1))
    person.page(Page.RUNS)
    person.choose_runs(1, 2)
    person.click("compare-runs")
    person.wait(lambda: len(person.cells("compare-tests")) > 3, "the test metrics")
    person.click("compare-average")
    person.wait(lambda: person.cells("compare-tests")[0][-1] == "ensemble", "the ensemble's scores")
    told = person.cells("compare-tests")
    assert main(["evaluate", "1", "2", "--ensemble"]) == 0
    said = capfd.readouterr().out
    for line in told[1:]:
        if not line[0].startswith("total"):
            assert line[-1].rstrip("0.")[:4] in said, line
    person.page(Page.RUNS)
    person.choose_runs(1)
    person.pick_from("run-more", "Train its baselines")
    person.wait(lambda: [run.state for run in store.runs()] == ["finished"] * 4, "its baselines to finish")
    person.choose_runs(1, 3)
    person.click("compare-runs")
    person.wait(lambda: any("alone" in head for head in person.cells("compare-tests")[0]), "the baseline's metrics")
    person.click("compare-average")
    person.wait(lambda: "same tasks" in person.find("compare-average-error").label.text(), "the error")  # type: ignore[attr-defined]


@pytest.mark.slow
def test_seeds_that_cannot_train_together_are_refused_with_the_reason(open_window: OpenWindow, store: RunStore) -> None:
    person = open_window()
    person.window.session.document.set("training.accumulate", 2)
    person.page(Page.TRAINING)
    person.click("study-together")
    person.click("run-seeds")
    person.wait(lambda: any("runs that train together need" in said for said in person.messages()), "the reason")
    assert store.runs() == []
