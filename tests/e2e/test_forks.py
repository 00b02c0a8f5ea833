"""A fork from a point of a curve, and more epochs of a finished run."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QPlainTextEdit

from app.navigation import Page
from app.plots import CurvePlot
from mtl_core.runner.execution import execute
from mtl_core.spec import save_spec
from mtl_core.store import RunStore, SeriesKey
from tests.e2e.conftest import OpenWindow
from tests.e2e.experiments import houses
from tests.e2e.person import Person, Pick
from tests.e2e.short_runs import train_shortly
from tests.training.toy import without_resources


@pytest.mark.slow
def test_a_run_is_trained_for_more_epochs_and_forked_from_a_point_of_its_curve(
    open_window: OpenWindow, store: RunStore, tmp_path: Path
) -> None:
    save_spec(houses(), tmp_path / "experiment.yaml")
    person = open_window()
    first = train_shortly(person, store, epochs=4, batch_size=64)
    second = train_more(person, store, first, epochs=2)
    same_as_trained_at_once(store, first, second)
    third = fork_at_the_cursor(person, store, second)
    see_lineage(person, second, third)
    write_a_note(person, store)


def train_more(person: Person, store: RunStore, run: int, *, epochs: int) -> int:
    """From the menu of the panel on Runs."""
    person.page(Page.RUNS)
    person.choose_runs(run)
    person.pick_from("run-more", "Train more epochs")
    person.type_over("fork-epochs", str(epochs))
    person.reads("fork-note", f"until epoch {4 + epochs}")
    person.click("fork-start")
    return ended(person, store, after=run)


def ended(person: Person, store: RunStore, *, after: int) -> int:
    person.wait(lambda: store.runs()[0].id > after and store.runs()[0].has_ended, "the fork to end")
    record = store.runs()[0]
    assert (record.state, record.error, record.parent) == ("finished", "", after)
    return record.id


def same_as_trained_at_once(store: RunStore, first: int, second: int) -> None:
    spec = store.spec(second)
    whole = store.create_run(spec)
    assert execute(store, whole).state == "finished"
    store.edit(whole, archived=True)
    forked, expected = (without_resources(store.read(run)[0]) for run in (second, whole))
    assert forked.keys() == expected.keys()
    for key, points in expected.items():
        np.testing.assert_array_equal(forked[key].steps, points.steps)
        np.testing.assert_array_equal(forked[key].values, points.values)
    assert store.spec(first).training.epochs == 4


def fork_at_the_cursor(person: Person, store: RunStore, run: int) -> int:
    """From the right end of a curve on Live, where the last checkpoint is, and two epochs of another learning rate."""
    person.wait(lambda: f"Run {run}" in person.text("live-run"), "the run on Live")
    plot = person.find("live-plot-loss-price", CurvePlot)
    person.wait(lambda: plot.picture is not None and not plot.picture.empty, "the curve")
    steps = store.read(run)[0][SeriesKey("price", "train", "loss")].steps[-1] + 1
    person.wait(lambda: plot.picture is not None and plot.picture.x_limits[1] >= steps - 1, "the whole curve")
    before = max(record.id for record in store.runs(archived=True))
    place = QPoint(plot.width() - 12, plot.height() // 2)
    with Pick(person.bot, f"Fork from step {steps} "):
        person.right_click(plot, place)
    person.type_over("fork-epochs", "1")
    person.type_over("fork-lr", "0.002")
    person.click("fork-start")
    person.wait(lambda: store.runs()[0].id > before and store.runs()[0].has_ended, "the fork to end")
    fork = store.runs()[0]
    assert (fork.state, fork.error, fork.parent) == ("finished", "", run)
    rates = store.read(fork.id)[0][SeriesKey("", "train", "lr")]
    (event_row,) = (row for row in store.events(fork.id) if row.kind == "forked" and row.data["run"] == run)
    assert set(rates.values[rates.steps >= event_row.step]) == {0.002}
    assert event_row.step <= steps
    return fork.id


def see_lineage(person: Person, parent: int, fork: int) -> None:
    """On Runs: where it comes from, what differs, its checkpoints; the link leads to the parent."""
    person.page(Page.RUNS)
    person.choose_runs(fork)
    person.find(f"run-link-{parent}")
    person.choose_tab("run-tabs", "Settings")
    person.reads("run-settings", f"What differs from run {parent}", "training.optimizer.lr: 0.01 → 0.002")
    person.choose_tab("run-tabs", "Files")
    person.find("run-open-folder")
    person.choose_tab("run-tabs", "Overview")
    person.click(f"run-link-{parent}")
    person.find(f"run-link-{fork}")


def write_a_note(person: Person, store: RunStore) -> None:
    """On a step of the run on Live; the log and the curves show it."""
    person.page(Page.LIVE)
    plot = person.find("live-plot-loss-price", CurvePlot)
    person.wait(lambda: plot.picture is not None and not plot.picture.empty, "the curve")
    place = QPoint(plot.width() // 2, plot.height() // 2)
    with Pick(person.bot, "Note on step"):
        person.right_click(plot, place)
    person.type_over("remark-text", "the loss is lowest here")
    person.click("remark-save")
    person.wait(lambda: "the loss is lowest here" in person.find("live-log", QPlainTextEdit).toPlainText(), "the note")
    assert any(row.kind == "remark" for record in store.runs() for row in store.events(record.id))
