"""The Live page: curves, weights, log and state of a run."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.pages.live import LivePage
from app.pages.live.curve_cards import LossCard, PlotCard
from app.plots import Legend, ticker
from app.session import Session
from mtl_core.store import Points, RunStore, SeriesKey, open_store
from tests.app.synthetic import add_run, experiment


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with open_store(tmp_path / "runs.sqlite") as opened:
        yield opened


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> Iterator[LivePage]:
    made = LivePage(session)
    qtbot.addWidget(made)
    made.resize(1188, 726)
    made.show()
    yield made
    made.hide()
    made.follower.follow(None)
    qtbot.waitUntil(ticker().is_idle)


def _text(page: LivePage) -> str:
    label = page.findChild(QLabel, "live-notice-text")
    assert label is not None
    return label.text()


def test_a_page_without_a_run_starts_the_open_experiment_or_shows_its_settings(
    qtbot: QtBot, session: Session, page: LivePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = page._empty
    qtbot.waitUntil(empty.isVisible)
    assert empty.action is not None
    asked: list[object] = []
    monkeypatch.setattr(session, "run", lambda: asked.append("run") or True)
    qtbot.mouseClick(empty.action, Qt.MouseButton.LeftButton)
    assert asked == ["run"]
    monkeypatch.setattr(session, "run", lambda: False)
    with qtbot.waitSignals([session.problem, session.pageRequested]):
        qtbot.mouseClick(empty.action, Qt.MouseButton.LeftButton)


def test_the_curves_of_a_run_appear_with_their_values(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    run = add_run(store, experiment(), until=900, state="running")
    session.show_live(run)
    qtbot.waitUntil(lambda: "step 900" in _text(page) and "left" in page.board.losses)
    qtbot.waitUntil(lambda: page.board.losses["left"].subtitle.full_text().startswith("train 0."))
    assert set(page.board.losses) == {"left", "right", "total"}
    assert len(page.board.losses["left"].plot.curve_keys()) == 2
    assert page.board.metrics.current_metric == "accuracy"


def test_points_written_later_are_drawn_too(qtbot: QtBot, store: RunStore, session: Session, page: LivePage) -> None:
    run = add_run(store, experiment(), until=900, state="running")
    session.show_live(run)
    key = SeriesKey("left", "train", "loss")
    qtbot.waitUntil(lambda: len(page.board.curves.get(key)) == 900)
    store.append(run, {key: Points.of([901], [0.5])})
    qtbot.waitUntil(lambda: len(page.board.curves.get(key)) == 901)
    assert page.board.losses["left"].subtitle.full_text().startswith("train 0.500")


def test_a_moved_slider_asks_the_run_once_for_all_weights(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    run = add_run(store, experiment(), until=900, state="running")
    session.show_live(run)
    qtbot.waitUntil(lambda: bool(page.board.control.give_back.isVisible()))
    qtbot.waitUntil(lambda: bool(page.board.control.sliders["left"].isEnabled()))
    slider = page.board.control.sliders["left"].slider
    for _ in range(5):
        qtbot.keyClick(slider, Qt.Key.Key_Right)
    asked: list[object] = []
    qtbot.waitUntil(lambda: asked.extend(store.take_requests(run)) or bool(asked))
    assert len(asked) == 1
    assert set(asked[0].payload["weights"]) == {"left", "right"}  # type: ignore[attr-defined]


def test_weights_can_be_given_back_to_the_method(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    run = add_run(store, experiment(), until=900, state="running", moved_at=600)
    session.show_live(run)
    qtbot.waitUntil(lambda: bool(page.board.control.give_back.isEnabled()))
    button = page.board.control.give_back
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    asked: list[object] = []
    qtbot.waitUntil(lambda: asked.extend(store.take_requests(run)) or bool(asked))
    assert asked[0].payload == {"weights": None}  # type: ignore[attr-defined]
    assert page.board.control.sentence.text().startswith("Uncertainty is off")


def test_a_slider_moved_for_one_run_asks_nothing_of_the_run_shown_next(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    first, second = (add_run(store, experiment(), until=900, state="running") for _ in range(2))
    session.show_live(first)
    qtbot.waitUntil(lambda: bool(page.board.control.sliders["left"].isEnabled()))
    qtbot.keyClick(page.board.control.sliders["left"].slider, Qt.Key.Key_Right)
    session.show_live(second)
    qtbot.waitUntil(lambda: page.picker.text() == f"Run {second}")
    assert not page.board.control._send_timer.isActive()
    assert store.take_requests(second) == []


def test_pause_and_stop_are_asked_of_a_run_that_the_top_bar_does_not_mean(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    run = add_run(store, experiment(), until=900, state="running")
    session.show_live(run)
    qtbot.waitUntil(page.pause.isVisible)
    qtbot.mouseClick(page.pause, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.stop, Qt.MouseButton.LeftButton)
    kinds: list[str] = []
    qtbot.waitUntil(lambda: kinds.extend(r.kind for r in store.take_requests(run)) or len(kinds) == 2)
    assert kinds == ["pause", "stop"]


def test_the_run_that_the_top_bar_means_has_no_buttons_of_its_own(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    run = add_run(store, experiment(), until=900, state="running")
    session.queue.attach()
    session.show_live(run)
    qtbot.waitUntil(lambda: any(record.id == run for record in session.queue.live_runs))
    qtbot.waitUntil(lambda: page.state.text() == "Running" and not page.pause.isVisible())
    assert not page.stop.isVisible()
    assert not page.resume.isVisible()


def test_with_nothing_on_the_run_that_ended_last_is_shown(qtbot: QtBot, store: RunStore, session: Session) -> None:
    add_run(store, experiment(), until=10, state="finished")
    last = add_run(store, experiment(), until=20, state="finished")
    made = LivePage(session)
    qtbot.addWidget(made)
    qtbot.waitUntil(lambda: made.picker.text() == f"Run {last}")
    assert session.live_run is None
    made.follower.follow(None)
    qtbot.waitUntil(ticker().is_idle)


def test_another_run_takes_the_place_of_the_one_before(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    first = add_run(store, experiment(), until=900)
    second = add_run(store, experiment(("price", "sold", "가격")), until=300, state="failed", error="out of memory.")
    session.show_live(first)
    qtbot.waitUntil(lambda: page.picker.text() == f"Run {first}")
    session.show_live(second)
    qtbot.waitUntil(lambda: page.picker.text() == f"Run {second}" and "out of memory" in _text(page))
    assert set(page.board.losses) == {"price", "sold", "가격", "total"}
    qtbot.waitUntil(lambda: len(page.board.curves.get(SeriesKey("price", "train", "loss"))) == 300)
    assert not page.stop.isVisible()
    assert page.resume.isVisible()


def test_the_axis_of_a_run_that_ended_early_ends_with_its_curves(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    run = add_run(store, experiment(), until=900, state="stopped")
    session.show_live(run)
    qtbot.waitUntil(lambda: page.picker.text() == f"Run {run}" and page.state.text() == "Stopped")
    plot = next(iter(page.board.losses.values())).plot
    qtbot.waitUntil(lambda: plot.picture is not None and not plot.picture.empty)
    qtbot.waitUntil(lambda: plot.picture.x_limits[1] == 900)


def test_the_choice_of_smoothing_and_axis_is_remembered(qtbot: QtBot, session: Session, page: LivePage) -> None:
    page.options.smoothing_button.menu().actions()[4].trigger()
    page.options.axis_button.menu().actions()[1].trigger()
    again = LivePage(session)
    qtbot.addWidget(again)
    assert again.options.smoothing == 0.9
    assert again.options.axis == "epoch"


def test_cards_stand_in_one_column_in_a_narrow_window(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    session.show_live(add_run(store, experiment(), until=300, state="running"))
    qtbot.waitUntil(lambda: page.board._grid.columns == 3)
    page.resize(900, 700)
    qtbot.waitUntil(lambda: page.board._grid.columns == 1)


def test_the_cards_of_many_tasks_are_made_one_at_a_time(page: LivePage) -> None:
    tasks = [f"task {number}" for number in range(40)]
    before = dict(page.board.losses)
    made = []
    for _ in page.board.make_cards(tasks):
        made.append(len(page.board.findChildren(PlotCard)))
        assert page.board.losses == before
    assert max(after - one for one, after in itertools.pairwise(made)) == 1
    assert list(page.board.losses) == [*tasks, "total"]


def test_cards_that_were_begun_for_another_run_are_gone(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    many = add_run(store, experiment([f"task {number}" for number in range(12)]), until=20, state="finished")
    few = add_run(store, experiment(["left", "middle", "right"]), until=20, state="finished")
    for last, titles in ((few, ["left", "middle", "right", "total"]), (many, [f"task {n}" for n in range(12)])):
        for run in (many, few, many, last):
            session.show_live(run)
            QApplication.processEvents()
        qtbot.waitUntil(lambda last=last: page._run is not None and page._run.id == last)
        assert list(page.board.losses)[: len(titles)] == titles
        assert [card.title.text() for card in page.findChildren(LossCard) if not card.isVisibleTo(page.board)] == []


def test_nothing_of_the_run_before_is_left_while_the_next_is_read(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    first = add_run(store, experiment(), until=900, state="running", moved_at=600)
    second = add_run(store, experiment(), state="queued")
    session.show_live(first)
    qtbot.waitUntil(lambda: "step 900" in _text(page))
    session.show_live(second)
    assert page.picker.text() == f"Run {second}"
    assert _text(page) == ""
    assert page.board.control.sliders["left"].spin.text() == "—"
    assert not page.board.losses["left"].plot.curve_keys()
    qtbot.waitUntil(lambda: _text(page).startswith("Queued"))
    assert page.board.control.sliders["left"].spin.text() == "—"


def test_a_run_of_one_task_has_no_second_plot_of_the_same_loss(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    session.show_live(add_run(store, experiment(("left",)), until=300, state="running"))
    qtbot.waitUntil(lambda: set(page.board.losses) == {"left"})


def test_the_strip_says_the_remaining_time_that_was_read_last_whoever_read_it(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    run = add_run(store, experiment(), until=900, state="running")
    session.show_live(run)
    qtbot.waitUntil(lambda: "step 900" in _text(page))
    now = store.run(run)
    assert now.progress is not None
    session.records.put(replace(now, progress=replace(now.progress, step=1200, eta_seconds=42.4)))
    assert "step 1\u202f200" in _text(page)
    assert "42 s left" in _text(page)


def test_a_run_that_cannot_be_read_says_so(qtbot: QtBot, session: Session, page: LivePage) -> None:
    page.show_run(77)
    qtbot.waitUntil(lambda: _text(page).startswith("Run 77 cannot be read"))


def test_the_legend_moves_below_a_text_that_would_become_too_narrow(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    session.show_live(add_run(store, experiment(), until=300, state="failed", error="a reason that is told at length"))
    qtbot.waitUntil(lambda: "at length" in _text(page))
    legend = page.strip.findChild(Legend)
    assert legend is not None
    page.resize(1700, 726)
    qtbot.waitUntil(lambda: legend.geometry().right() < page.strip.button.x())
    page.resize(760, 726)
    qtbot.waitUntil(lambda: legend.y() > page.strip.label.geometry().bottom())
    assert page.strip.label.width() > page.strip.width() / 2
    page.resize(1700, 726)
    qtbot.waitUntil(lambda: legend.y() < page.strip.label.geometry().bottom())
