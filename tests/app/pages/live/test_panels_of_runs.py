"""The panels of the Live page show the selected run, whatever was shown before."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.pages.live.card_board import CardBoard
from app.pages.live.run_view import live_view
from app.plots import PlotTools, ticker
from mtl_core.spec import ExperimentSpec
from mtl_core.store import EventRecord, Points, Progress, RunRecord, SeriesKey
from tests.app.pages.live.test_run_view import RUN
from tests.app.synthetic import experiment

_TASKS = (("left", "right"), ("left",), ("price", "sold", "가격"), ("right", "left"))
_METHODS = ("uncertainty", "manual", "pcgrad")


@dataclass
class Run:
    """A run as the store would tell of it."""

    record: RunRecord
    spec: ExperimentSpec
    points: dict[SeriesKey, Points] = field(default_factory=dict)
    events: list[EventRecord] = field(default_factory=list)

    def start(self, chance: random.Random) -> None:
        """Train for some steps."""
        if self.record.state != "queued":
            return
        step = chance.randrange(10, 200)
        self.record = replace(self.record, state="running", progress=Progress(1, 4, step, 400, 100.0, 10.0))
        self._event("start", 0)
        metric = chance.choice(("accuracy", "r2", "f1"))
        for task in self.record.tasks:
            for name in ("loss", "weight"):
                self.points[SeriesKey(task, "train", name)] = Points.of([1, step], [chance.random(), chance.random()])
            self.points[SeriesKey(task, "val", metric)] = Points.of([step], [chance.random()])
        if chance.random() < 0.5 and len(self.record.tasks) > 1:
            one, other = self.record.tasks[:2]
            self.points[SeriesKey(one, "train", f"gradient cosine {other}")] = Points.of([step], [chance.random()])
            self.points[SeriesKey(one, "train", f"stitch 1 from {other}")] = Points.of([step], [chance.random()])

    def move(self, chance: random.Random) -> None:
        """Set its weights by hand, or hand them back."""
        if self.record.state == "running":
            weights = {task: round(chance.uniform(0, 5), 2) for task in self.record.tasks}
            self._event("weights", 5, {"weights": chance.choice((weights, None))})

    def finish(self, chance: random.Random) -> None:
        """End it in some way."""
        if self.record.state == "running":
            self.record = replace(self.record, state=chance.choice(("finished", "failed", "stopped", "interrupted")))

    def _event(self, kind: Any, step: int, data: dict[str, Any] | None = None) -> None:
        text = f"{kind} of run {self.record.id}"
        self.events.append(EventRecord(len(self.events), self.record.id, step, kind, text, data or {}, 1000.0))


@pytest.fixture
def make_board(qtbot: QtBot, plot_tools: PlotTools) -> Iterator[Any]:
    def make(tasks: Sequence[str] = ("left", "right")) -> CardBoard:
        board = CardBoard(plot_tools, tasks)
        qtbot.addWidget(board)
        return board

    yield make
    qtbot.waitUntil(ticker().is_idle)


def _show(board: CardBoard, run: Run) -> None:
    """What the page does with a run's first delivery."""
    board.reset(run.record.tasks)
    board.append(run.points, reset=True)
    board.show_view(live_view(run.record, run.spec, run.events, board.curves.latest()))


def _panels(board: CardBoard) -> dict[str, Any]:
    """All that can be read off the cards."""
    control = board.control
    plots = {name: card.plot for name, card in board.losses.items()} | {"weights": board.weights.plot}
    plots |= {"metrics": board.metrics.plot, "conflict": board.conflict.plot, **board.sharing.plots}
    return {
        "titles": [card.title.text() for card in board.losses.values()],
        "values": [card.subtitle.full_text() for card in (*board.losses.values(), board.weights, board.metrics)],
        "curves": {name: sorted(map(str, plot.curve_keys())) for name, plot in plots.items()},
        "markers": {name: plot._markers._markers for name, plot in plots.items()},
        "sliders": {task: (s.spin.text(), s.value(), s.isEnabled()) for task, s in control.sliders.items()},
        "control": (control.sentence.text(), control.subtitle.full_text(), control.give_back.isEnabled()),
        "method": control.give_back.text(),
        "metrics": [board.metrics.choice.itemText(index) for index in range(board.metrics.choice.count())],
        "metric": (board.metrics.current_metric, board.metrics.title.text()),
        "log": board.log.text.toPlainText(),
        "more": (board.conflict.isHidden(), board.sharing.isHidden(), board.sharing.current_place),
    }


@pytest.mark.parametrize("seed", range(3))
def test_the_panels_are_those_of_the_run_shown_whatever_was_selected_started_or_finished_before(
    make_board: Any, seed: int
) -> None:
    chance = random.Random(seed)
    runs = []
    for number in range(6):
        tasks, method = chance.choice(_TASKS), chance.choice(_METHODS)
        weights = {"weights": {tasks[-1]: round(chance.uniform(0, 3), 2)}} if method == "manual" else {}
        spec = experiment(tasks, weighting={"kind": method, **weights})
        record = replace(RUN, id=number, tasks=tasks, method=method, state="queued", progress=None)
        runs.append(Run(record, spec))
    board = make_board()
    shown = runs[0]
    for _ in range(10):
        run = chance.choice(runs)
        chance.choice((run.start, run.start, run.move, run.finish))(chance)
        if chance.random() < 0.6:
            shown = run
        _show(board, shown)
        if chance.random() < 0.3:  # a person is at a slider when something else comes
            board.control.sliders[shown.record.tasks[0]].slider.setValue(chance.randrange(1000))
            continue
        fresh = make_board(shown.record.tasks)
        _show(fresh, shown)
        assert _panels(board) == _panels(fresh)


def test_a_change_that_waits_is_never_sent_to_the_run_shown_next(qtbot: QtBot, make_board: Any) -> None:
    chance = random.Random(0)
    runs = [Run(replace(RUN, id=n, tasks=("left", "right"), state="queued"), experiment()) for n in range(2)]
    for run in runs:
        run.start(chance)
    board = make_board()
    sent: list[object] = []
    board.weightsRequested.connect(sent.append)
    _show(board, runs[0])
    board.control.sliders["left"].slider.setValue(900)
    board.control.flush()
    assert len(sent) == 1
    _show(board, runs[1])
    board.control.sliders["left"].slider.setValue(100)
    _show(board, runs[0])
    assert not board.control._send_timer.isActive()
    assert len(sent) == 1


def test_a_drag_is_one_change_however_long_it_rests_on_its_way(qtbot: QtBot, make_board: Any) -> None:
    run = Run(replace(RUN, state="queued"), experiment())
    run.start(random.Random(0))
    board = make_board()
    sent: list[object] = []
    board.weightsRequested.connect(sent.append)
    _show(board, run)
    slider = board.control.sliders["left"].slider
    slider.setSliderDown(True)
    for position in (600, 700, 800):
        slider.setSliderPosition(position)
        assert not board.control._send_timer.isActive()
    slider.setSliderDown(False)
    qtbot.waitUntil(lambda: len(sent) == 1)
    assert not board.control._send_timer.isActive()


def test_a_weight_that_is_not_known_is_a_dash_and_counts_as_one(qtbot: QtBot, make_board: Any) -> None:
    run = Run(replace(RUN, state="queued"), experiment())
    board = make_board()
    _show(board, run)
    left = board.control.sliders["left"]
    assert (left.spin.text(), left.value(), left.isEnabled()) == ("—", 1.0, False)
    run.start(random.Random(0))
    run.points.clear()  # it has just begun
    _show(board, run)
    assert left.isEnabled()
    qtbot.keyClick(left.slider, Qt.Key.Key_Right)
    assert left.spin.text() != "—"
