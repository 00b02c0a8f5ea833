"""The Compare page: its cards for the selected runs."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from app.jobs import StoreService
from app.navigation import Page
from app.pages.compare import ComparePage
from app.pages.compare.cards.curve_grid import run_axes
from app.pages.compare.saved_comparison import SavedComparison, parse_runs
from app.pages.compare.views.compared_run import ComparedRun
from app.plots import TrainingClock
from app.session import Session
from mtl_core.protocol.events import FinishEvent, StartEvent
from mtl_core.store import Points, RunStore, SeriesKey, open_store
from tests.app.pages.live.test_run_view import RUN
from tests.app.synthetic import add_run, cells, experiment, is_bold


def test_a_page_without_runs_points_to_the_list_of_runs(qtbot: QtBot, session: Session, page: ComparePage) -> None:
    with qtbot.waitSignal(session.pageRequested) as asked:
        qtbot.mouseClick(page._stack.currentWidget().action, Qt.MouseButton.LeftButton)  # type: ignore[attr-defined]
    assert asked.args == [Page.RUNS]


def test_only_what_differs_is_listed_and_the_best_is_bold(qtbot: QtBot, session: Session, page: ComparePage) -> None:
    session.compare([1, 2])
    qtbot.waitUntil(
        lambda: page.tests.model().rowCount() == 4 and page.differs.model().rowCount() > 0 and page.is_up_to_date()
    )
    assert ["Weighting", "equal", "uncertainty"] in cells(page.differs)
    assert cells(page.tests)[0][2] == "0.973"
    assert is_bold(page.tests, 0, 2)
    assert not is_bold(page.tests, 0, 1)
    assert page.differs_card.subtitle.full_text().endswith("settings")


def test_curves_lie_over_each_other_in_the_colors_of_their_runs(
    qtbot: QtBot, session: Session, page: ComparePage
) -> None:
    session.compare([1, 3])
    qtbot.waitUntil(lambda: len(page.curve_grid.cards) == 3 and page.is_up_to_date())
    plot = page.curve_grid.cards["left"].plot
    qtbot.waitUntil(lambda: len(plot.curve_keys()) == 4)
    assert set(plot.curve_keys()) == {(1, "train"), (1, "val"), (3, "train"), (3, "val")}
    assert plot._curves[3, "val"].dash
    assert plot._curves[3, "val"].color == 1


def test_a_run_taken_out_leaves_the_rest_in_their_colors(qtbot: QtBot, session: Session, page: ComparePage) -> None:
    session.compare([1, 2, 3])
    qtbot.waitUntil(
        lambda: (
            [chip.run for chip in page.chips.chips] == [1, 2, 3]
            and len(page.curve_grid.cards) == 3
            and page.is_up_to_date()
        )
    )
    remove = page.findChild(QToolButton, "compare-remove-1")
    assert remove is not None
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    assert [(entry.run.id, entry.color) for entry in page.selection.entries] == [(2, 1), (3, 2)]
    assert session.compared == [2, 3]
    plot = page.curve_grid.cards["left"].plot
    qtbot.waitUntil(lambda: all(key[0] != 1 for key in plot.curve_keys()))  # type: ignore[index]


def test_a_single_run_asks_for_a_second(qtbot: QtBot, session: Session, page: ComparePage) -> None:
    session.compare([2])
    qtbot.waitUntil(lambda: page.hint.isVisible() and page.is_up_to_date())
    assert page.hint.text() == "Add a second run to see what differs."


def test_another_metric_can_be_laid_over(qtbot: QtBot, session: Session, page: ComparePage) -> None:
    session.compare([1, 2])
    qtbot.waitUntil(lambda: page.metric_choice.findText("accuracy") >= 0 and page.is_up_to_date())
    page.metric_choice.setCurrentText("accuracy")
    qtbot.waitUntil(lambda: set(page.curve_grid.cards) == {"left", "right"} and page.is_up_to_date())
    assert page.curve_grid.cards["left"].subtitle.full_text() == ""  # one legend says it for all plots


def test_a_run_that_still_trains_goes_on_here(
    qtbot: QtBot, store: RunStore, session: Session, page: ComparePage
) -> None:
    run = add_run(store, experiment(), until=600, state="running")
    session.compare([1, run])
    key = SeriesKey("left", "train", "loss")
    qtbot.waitUntil(lambda: len(page.selection.curves[run].get(key)) == 600)
    store.append(run, {key: Points.of([601], [0.5])})
    qtbot.waitUntil(lambda: len(page.selection.curves[run].get(key)) == 601)
    store.append(run, {SeriesKey("left", "test", "accuracy"): Points.of([601], [0.99])}, directions={"accuracy": "max"})
    store.finish(run, "finished")
    qtbot.waitUntil(lambda: ["left · accuracy ↑", "0.956", "0.990"] in cells(page.tests) and page.is_up_to_date())


def test_runs_are_added_from_a_list_of_all_runs_that_can_be_searched(
    qtbot: QtBot, session: Session, page: ComparePage
) -> None:
    session.compare([1])
    qtbot.waitUntil(lambda: len(page.selection.entries) == 1 and page.is_up_to_date())
    page.add_run.click()
    qtbot.waitUntil(lambda: page.chooser.model.shown_runs() == (3, 2))
    page.chooser.search.setText("pcgrad")
    assert page.chooser.model.shown_runs() == (3,)
    page.chooser.check_all_button.click()
    page.chooser.search.clear()
    assert page.chooser.add_button.text() == "Add 1 run"
    page.chooser.add_button.click()
    qtbot.waitUntil(lambda: len(page.selection.entries) == 2 and page.is_up_to_date())
    assert session.compared == [1, 3]
    assert not page.chooser.isVisible()


def test_thirty_runs_are_compared_together_and_each_has_a_line_of_its_own(
    qtbot: QtBot, store: RunStore, session: Session, page: ComparePage
) -> None:
    runs = [add_run(store, experiment(), epochs=2, seed=number) for number in range(30)]
    session.compare(runs)
    qtbot.waitUntil(lambda: len(page.selection.entries) == 30 and page.is_up_to_date())
    qtbot.waitUntil(
        lambda: page.tests.model().columnCount() == 31 and len(page.chips.chips) == 30 and page.is_up_to_date()
    )
    plot = page.curve_grid.cards["left"].plot
    qtbot.waitUntil(lambda: len(plot.curve_keys()) == 60)
    looks = {(curve.color % 8, curve.dash, curve.dots) for curve in plot._curves.values()}  # type: ignore[operator]
    assert len(looks) == 60
    assert not page.excluded_label.isVisible()


def test_runs_beyond_the_most_that_fit_are_named_as_left_out(
    qtbot: QtBot, store: RunStore, session: Session, page: ComparePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pages.compare.selection.MOST_COMPARED", 2)
    session.compare([3, 1, 2])
    qtbot.waitUntil(lambda: len(page.selection.entries) == 2 and page.is_up_to_date())
    qtbot.waitUntil(lambda: page.excluded_label.isVisible() and page.is_up_to_date())
    assert "Left out: run 3." in page.excluded_label.text()
    page.chooser.runsChosen.emit([3])
    qtbot.waitUntil(lambda: "Left out: run 1." in page.excluded_label.text() and page.is_up_to_date())
    page.chooser.runsChosen.emit([1])
    qtbot.waitUntil(lambda: "Left out: run 2." in page.excluded_label.text() and page.is_up_to_date())
    page.chooser.runsChosen.emit([2])
    qtbot.waitUntil(lambda: [chip.run for chip in page.chips.chips] == [1, 2] and page.is_up_to_date())
    remove = page.findChild(QToolButton, "compare-remove-1")
    assert remove is not None
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [entry.run.id for entry in page.selection.entries] == [3, 2] and page.is_up_to_date())
    qtbot.waitUntil(lambda: not page.excluded_label.isVisible() and page.is_up_to_date())


def test_the_compared_runs_are_there_again_after_a_restart(
    qtbot: QtBot, tmp_path: Path, session: Session, page: ComparePage
) -> None:
    session.compare([2, 3])
    again = Session(str(tmp_path / "runs.sqlite"), settings=session.settings)
    second = ComparePage(again)
    qtbot.addWidget(second)
    qtbot.waitUntil(lambda: again.compared == [2, 3] and len(second.selection.entries) == 2)
    second.selection.set_runs(())
    again.close()


def test_runs_compared_before_the_store_is_open_are_saved_once_it_is(
    qtbot: QtBot, tmp_path: Path, session: Session
) -> None:
    may_open = threading.Event()

    def open_late(place: str | None) -> RunStore:
        may_open.wait()
        return open_store(place)

    early = Session(service=StoreService(str(tmp_path / "runs.sqlite"), open_with=open_late), settings=session.settings)
    SavedComparison(early, early)
    early.store.call(lambda store: None)
    early.compare([2, 3])
    assert not early.settings.get("page/compare/runs")
    may_open.set()
    qtbot.waitUntil(lambda: early.settings.get("page/compare/runs") == f"{early.store.url}\n2\n3")
    early.close()


def test_remembered_runs_are_those_of_the_same_store() -> None:
    assert parse_runs("sqlite:///a\n3\n1", "sqlite:///a") == [3, 1]
    assert parse_runs("sqlite:///a\n3\n1", "sqlite:///b") == []
    assert parse_runs("", "sqlite:///a") == []
    assert parse_runs("sqlite:///a\n-1\nx\n", "sqlite:///a") == []


def test_curves_stand_at_the_time_for_which_their_run_had_trained(
    qtbot: QtBot, session: Session, page: ComparePage, store: RunStore
) -> None:
    wait = qtbot.waitUntil
    session.compare([1, 2])
    wait(
        lambda: (
            len(page.curve_grid.cards) == 3
            and len(page.curve_grid.cards["left"].plot.curve_keys()) == 4
            and page.is_up_to_date()
        )
    )
    for run in (1, 2):
        store.add_event(run, StartEvent(step=0, message="as if it began now"))
        store.add_event(run, FinishEvent(step=6000, message="as if it ended now"))
    page.options._set_axis(3)
    assert page.options.axis == "time"
    plot = page.curve_grid.cards["left"].plot
    wait(lambda: plot.picture is not None and not plot.picture.empty and plot.picture.x_limits[1] < 60)
    axes = run_axes(page.selection.entries, page.selection.clocks, "time")
    assert {axis.label for axis in axes.values()} == {"seconds"}
    assert page.options.axis_button.text() == "x: seconds"
    page.options._set_axis(0)
    wait(lambda: plot.picture is not None and plot.picture.x_limits[1] == 6000)


def test_a_run_whose_times_are_not_known_is_left_out_of_the_time_axis() -> None:
    record = replace(RUN, heartbeat=None)
    entries = [ComparedRun(record, {}, {}, 0)]
    assert run_axes(entries, {12: TrainingClock()}, "time") == {}
    assert run_axes(entries, {}, "time") == {}
    assert list(run_axes(entries, {}, "step")) == [12]
