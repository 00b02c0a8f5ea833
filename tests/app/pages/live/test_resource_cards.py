"""The cards of time, throughput, memory and learning rate, of runs that really trained.

Covers: app/pages/live/curve_legend.py.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.pages.live import LivePage
from app.pages.live.resource_cards import MemoryCard, ResourceCard, StepTimeCard
from app.plots import RunCurves, ticker
from app.session import Session
from mtl_core.runner.execution import execute
from mtl_core.runner.joint_execution import execute_jointly
from mtl_core.spec import ExperimentSpec, spec_from_data, study_members
from mtl_core.store import Points, RunStore, SeriesKey, open_store
from tests.app.synthetic import add_run
from tests.app.synthetic import experiment as synthetic_experiment

GIB = 2.0**30


def _key(metric: str) -> SeriesKey:
    return SeriesKey("", "train", metric)


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


def _small(**training: Any) -> ExperimentSpec:
    return spec_from_data(
        {
            "version": 1,
            "name": "iris",
            "dataset": {"kind": "bundled", "name": "iris"},
            "tasks": [
                {"name": "species", "kind": "multiclass", "target": "species"},
                {"name": "width", "kind": "regression", "target": "petal width"},
            ],
            "model": {"shared": [{"kind": "linear", "out_features": 8}, {"kind": "relu"}]},
            "training": {"epochs": 2, "batch_size": 16, "device": "cpu", **training},
        }
    )


def _cards(page: LivePage) -> dict[str, ResourceCard]:
    return {card.objectName(): card for card in page.board.resources}


def _empty_text(card: ResourceCard) -> str:
    return card.plot._empty.text()


def test_a_run_that_trained_shows_its_times_memory_and_rate(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    run = store.create_run(_small(compare_gradients=2))
    assert execute(store, run).state == "finished"
    session.show_live(run)
    qtbot.waitUntil(lambda: bool(page.board.curves.names()))
    cards = _cards(page)
    labels = [page.board.resources[0]._labels[key.metric] for key in cards["live-card-step-time"].plot.curve_keys()]  # type: ignore[attr-defined]
    assert sorted(labels) == ["backward", "data", "forward", "optimizer", "weighting"]
    for card in cards.values():
        assert card.plot.curve_keys(), card.objectName()
        assert card.subtitle.full_text(), card.objectName()
    assert " ms · " in cards["live-card-step-time"].subtitle.full_text()
    assert cards["live-card-memory"].subtitle.full_text().startswith("process ")
    assert cards["live-card-step-time"].legend.isVisibleTo(page)
    assert not cards["live-card-memory"].legend.isVisibleTo(page)
    assert page.board.conflict.steps.slider.maximum() > 2
    page.board.conflict.choice.setCurrentIndex(2)
    assert page.board.conflict.norms.text_at(0, 0) not in ("", "–")


def test_a_run_without_these_series_says_so(qtbot: QtBot, store: RunStore, session: Session, page: LivePage) -> None:
    run = add_run(store, synthetic_experiment(), until=900)
    session.show_live(run)
    qtbot.waitUntil(lambda: bool(page.board.curves.names()) and page.run == run)
    for card in page.board.resources[:3]:  # the learning rate was always recorded
        assert not card.plot.curve_keys()
        assert _empty_text(card) == "This run has not recorded it."
    running = add_run(store, synthetic_experiment(), until=900, state="running")
    session.show_live(running)
    qtbot.waitUntil(lambda: _empty_text(page.board.resources[0]) == "It appears with the first steps.")


def test_runs_that_train_together_have_no_times_of_their_own(
    qtbot: QtBot, store: RunStore, session: Session, page: LivePage
) -> None:
    runs = store.create_study(study_members(_small(), (1, 2), baselines=False))
    assert [ending.state for ending in execute_jointly(store, runs)] == ["finished", "finished"]
    session.show_live(runs[1])
    qtbot.waitUntil(lambda: bool(_cards(page)["live-card-throughput"].plot.curve_keys()))
    times = _cards(page)["live-card-step-time"]
    qtbot.waitUntil(lambda: _empty_text(times) == "Not recorded for runs that train together.")
    assert not times.plot.curve_keys()
    assert _cards(page)["live-card-memory"].plot.curve_keys()


Draw = Callable[[ResourceCard, dict[str, list[float]]], RunCurves]


@pytest.fixture
def draw(qtbot: QtBot) -> Draw:
    def draw_on(card: ResourceCard, values: dict[str, list[float]]) -> RunCurves:
        qtbot.addWidget(card)
        curves = RunCurves()
        changed = curves.append({_key(m): Points.of(range(len(v)), v) for m, v in values.items()}, reset=True)
        card.draw(curves, changed)
        card.show_latest(curves)
        return curves

    return draw_on


def _values(card: ResourceCard, metric: str) -> list[float]:
    curves: dict[Any, Any] = card.plot._curves
    return [float(value) for value in curves[_key(metric)].values]


def test_times_are_milliseconds_and_the_longest_part_stands_in_the_header(draw: Draw) -> None:
    card = StepTimeCard()
    draw(card, {"step time data": [0.0, 0.001], "step time backward": [0.002, 0.003]})
    assert _values(card, "step time backward") == [2.0, 3.0]
    assert card.subtitle.full_text() == "4.000 ms · backward 75 %"


def test_memory_takes_the_larger_unit_for_all_of_its_curves(draw: Draw) -> None:
    card = MemoryCard()
    curves = draw(card, {"memory": [GIB / 2]})
    assert (card.plot.title, _values(card, "memory")) == ("Memory (MB)", [512.0])
    changed = curves.append({_key("device memory"): Points.of([1], [2 * GIB])}, reset=False)
    card.draw(curves, changed)
    card.show_latest(curves)
    assert card.plot.title == "Memory (GB)"
    assert (_values(card, "memory"), _values(card, "device memory")) == ([0.5], [2.0])
    assert card.subtitle.full_text() == "process 512 MB · device, peak 2.0 GB"
    assert card.legend.isVisibleTo(card)
    card.clear()
    assert not card.plot.curve_keys()
