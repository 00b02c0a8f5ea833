"""The main workflow from end to end: design, train, watch, find again, compare."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabBar, QTableView

from app.navigation import Page
from app.plots import CurvePlot
from mtl_core.store import RunStore
from tests.app.synthetic import cells, is_bold
from tests.e2e.conftest import OpenWindow
from tests.e2e.person import Person, column

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def forked_workers() -> None:
    """No worker is forked here: all start as the application starts them."""


@pytest.mark.slow
def test_a_model_is_designed_trained_watched_found_again_and_compared(open_window: OpenWindow, store: RunStore) -> None:
    person = open_window()
    choose_bundled_houses(person)
    add_a_layer_and_take_an_edit_back(person)
    choose_the_training(person)
    first = run_pausing_on_the_way(person, store)
    find_and_tag(person, store, first)
    second = run_again_with_another_weighting(person, store, first)
    compare(person, first, second)
    assert len(set(person.messages())) == len(person.messages())
    stopped = f"Run {first} was stopped; what it learned is kept."  # gone by now unless the machine is fast
    assert [text for text in person.messages() if "has finished" not in text and text != stopped] == []


def choose_bundled_houses(person: Person) -> None:
    """Another data set, then houses: the tasks, their kinds and their distributions follow."""
    person.page(Page.DATA)
    person.choose_row("data-sets", "Iris")
    person.find("task-species")
    person.choose_row("data-sets", "Houses")
    person.find("task-price")
    person.find("distribution-sold")
    person.column_box("role", "area")
    person.column_box("task-kind", "sold")


def add_a_layer_and_take_an_edit_back(person: Person) -> None:
    """A dropout of 0.3 after the last shared layer; the change to 0.9 is undone."""
    person.page(Page.MODEL)
    layers = len(person.window.session.document.spec.model.shared)  # type: ignore[union-attr]
    person.click("add-shared-layer")
    menu = person.find("layer-menu")
    person.bot.keyClicks(menu.focusWidget() or person.find("layer-search"), "dropout")
    person.press_return()
    path = f"model.shared[{layers}]"
    person.find(f"row:{path}")
    person.type_over(f"{path}.p", "0.3")
    person.wait(lambda: person.window.session.document.get(f"{path}.p") == 0.3)
    person.click("add-shared-layer")
    person.bot.keyClicks(person.find("layer-search"), "batchnorm1d")
    person.press_return()
    person.find(f"row:model.shared[{layers + 1}]")
    person.click("undo")
    person.wait(lambda: person.look(f"row:model.shared[{layers + 1}]") is None, "the layer to go")
    person.wait(lambda: len(person.window.session.model_info.shared) == layers + 1, "the worker to have built it")
    person.wait(lambda: "Dropout" in person.look(f"row:{path}").accessibleName(), "dropout in its place")
    tabs = person.find("task-tabs", QTabBar)
    person.click_on(tabs, tabs.tabRect(1).center())
    person.click("add-task-layer")
    person.bot.keyClicks(person.find("layer-search"), "linear")
    person.press_return()
    person.find("row:model.heads.sold[0]")


def choose_the_training(person: Person) -> None:
    """Uncertainty weighting, a learning rate of 0.005, more epochs than anyone waits for, and no early end."""
    person.page(Page.TRAINING)
    person.choose("weighting.kind", "Uncertainty (Kendall et al. 2018)")
    person.type_over("training.optimizer.lr", "0.005")
    person.type_over("training.epochs", "100000")
    person.type_over("training.early_stopping.patience", "100000")
    spec = person.window.session.document.spec
    assert spec is not None
    assert (spec.weighting.kind, spec.training.optimizer.lr, spec.training.epochs) == ("uncertainty", 0.005, 100_000)


def run_pausing_on_the_way(person: Person, store: RunStore) -> int:
    """Curves grow while it runs, stand still while it is paused, and grow again."""
    person.press(Qt.Key.Key_F5)
    person.wait(lambda: person.window.current_page() == Page.LIVE, "the Live page")
    person.wait(lambda: points(person, "price") > 0, "points of price")
    person.wait(lambda: points(person, "sold") > 0, "points of sold")
    person.reads("live-notice-text", "epoch", "samples/s")
    run = store.runs()[0].id
    person.click("pause")
    person.wait(lambda: store.run(run).state == "paused", "the run to pause")
    person.reads("live-notice-text", "Paused")
    person.reads("pause", "Resume")
    before = step(store, run)
    person.click("pause")
    person.wait(lambda: step(store, run) > before, "the run to go on")
    person.reads("live-notice-text", "epoch")
    person.click("stop")
    person.wait(lambda: store.run(run).state == "stopped", "the run to stop")
    person.reads("live-notice-text", "Stopped")
    person.reads("live-log", "paused", "goes on")
    return run


def find_and_tag(person: Person, store: RunStore, run: int) -> None:
    """Found by its state, tagged and noted in the panel, its experiment opened again."""
    person.page(Page.RUNS)
    person.type_over("runs-filter", "state:stopped method:uncertainty")
    person.choose_runs(run)
    person.type_over("run-tags", "baseline, first")
    person.wait(lambda: set(store.run(run).tags) == {"baseline", "first"}, "the tags to be kept")
    person.type_over("run-notes", "the first one")
    person.wait(lambda: store.run(run).notes == "the first one", "the notes to be kept")
    person.type_over("runs-filter", "tag:nobody")
    person.wait(lambda: person.look("runs-table") is None, "no run to match")
    person.type_over("runs-filter", "tag:baseline")
    person.choose_runs(run)
    with person.answer("Discard the edits"):
        person.press(Qt.Key.Key_Return, CONTROL)
        person.wait(lambda: person.window.current_page() == Page.DATA, "its experiment to open")
    assert person.window.session.document.spec == store.spec(run)


def run_again_with_another_weighting(person: Person, store: RunStore, first: int) -> int:
    """The same experiment with equal weights and three epochs, run to its end; so is the first."""
    person.page(Page.TRAINING)
    person.type_over("training.epochs", "3")
    person.click("run")
    person.wait(lambda: len(store.runs()) == 2, "the second run")
    person.page(Page.TRAINING)
    person.choose("weighting.kind", "Equal")
    person.type_over("training.optimizer.lr", "0.001")
    person.press(Qt.Key.Key_R, CONTROL)
    person.wait(lambda: len(store.runs()) == 3, "the third run")
    second = max(run.id for run in store.runs())
    person.wait(lambda: store.run(second).state == "finished", "the last run to finish")
    person.wait(lambda: store.run(second - 1).state == "finished", "the one before to finish")
    assert first < second - 1
    return second


def compare(person: Person, first: int, second: int) -> None:
    """Only what differs is listed, the best of each test metric is marked, and both runs' curves are drawn."""
    person.page(Page.RUNS)
    person.click("runs-filter")
    person.press(Qt.Key.Key_Escape)
    person.choose_runs(second - 1, second)
    person.click("compare-runs")
    person.wait(lambda: person.window.current_page() == Page.COMPARE, "the Compare page")
    person.wait(lambda: len(person.cells("compare-settings")) == 4, "three settings that differ")
    names = column(person.cells("compare-settings"), "setting")
    assert sorted(names) == ["Optimizer · Learning rate", "Weighting", "Weighting · Initial log-variance"]
    tests = person.find("compare-tests", QTableView)
    person.wait(lambda: len(cells(tests)) >= 6, "the test metrics")
    for row, (name, *values) in enumerate(cells(tests)):
        marked = [is_bold(tests, row, column) for column in (1, 2)]
        assert any(marked) or len(set(values)) == 1, name
    plot = person.find("compare-plot-price", CurvePlot)
    runs = {second - 1, second}
    person.wait(lambda: plot.picture is not None and {key[0] for key in plot.picture.lines} == runs, "both runs drawn")
    person.click(f"compare-remove-{second - 1}")
    person.reads("compare-hint", "Add a second run")
    person.choose_from_list("compare-add", "compare-chooser", first)
    person.find(f"compare-chip-{first}")


def points(person: Person, task: str) -> int:
    """How many points of a task's losses are drawn on Live."""
    plot = person.look(f"live-plot-loss-{task}", CurvePlot)
    picture = plot.picture if plot is not None else None
    return 0 if picture is None else sum(len(line.x) for line in picture.lines.values())


def step(store: RunStore, run: int) -> int:
    """The step of a run."""
    progress = store.run(run).progress
    return progress.step if progress else 0
