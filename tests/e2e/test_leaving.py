"""Closing the window while a run trains."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.navigation import Page
from app.plots import CurvePlot
from mtl_core.spec import save_spec
from mtl_core.store import RunStore
from mtl_core.store.processes import is_alive
from tests.e2e.conftest import OpenWindow
from tests.e2e.experiments import ENDLESS, houses
from tests.e2e.person import Person

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.mark.slow
def test_closing_asks_and_a_run_that_may_go_on_is_live_in_the_next_window(
    open_window: OpenWindow, store: RunStore, tmp_path: Path
) -> None:
    save_spec(houses(epochs=ENDLESS), tmp_path / "experiment.yaml")
    first = open_window()
    first.press(Qt.Key.Key_F5)
    first.reads("live-notice-text", "epoch 1", "samples/s")
    run = store.runs()[0]
    close(first, "Cancel")
    assert first.window.isVisible()
    close(first, "Let it run")
    assert not first.window.isVisible()
    assert store.run(run.id).state == "running"
    second = open_window()
    see_it_live(second, store, run.id)
    close(second, "Stop and keep")
    assert not second.window.isVisible()
    second.wait(lambda: store.run(run.id).state == "stopped", "the run to stop")
    second.wait(lambda: not is_alive(run.pid or 0), "its worker to end")


def close(person: Person, answer: str) -> None:
    """Press Ctrl+Q and answer the question."""
    with person.answer(answer) as question:
        person.press(Qt.Key.Key_Q, CONTROL)
    assert "A run is training" in question.text
    assert "houses" in question.text


def see_it_live(person: Person, store: RunStore, run: int) -> None:
    """The status line and Live show the run of the window before, from its first step on; it can be paused."""
    person.reads("status-run", f"Run {run}", "epoch")
    person.page(Page.LIVE)
    plot = person.find("live-plot-loss-price", CurvePlot)
    person.wait(lambda: plot.picture is not None and not plot.picture.empty, "its curves")
    assert plot.picture is not None
    assert min(line.full_x[0] for line in plot.picture.lines.values()) == 0
    person.click("pause")
    person.wait(lambda: store.run(run).state == "paused", "the run to pause")
    person.reads("live-notice-text", "Paused")
    person.reads("pause", "Resume")
    person.click("pause")
    person.wait(lambda: store.run(run).state == "running", "the run to go on")
