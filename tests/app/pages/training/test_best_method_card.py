"""The card *Which is best?*: chosen methods, number of runs, time and progress, in a session over a real store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRegularExpression, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.pages.training.best_method_card import BestMethodCard
from app.pages.training.method_comparison import comparison_text, methods_text, time_text
from app.session import Session
from mtl_core.analysis.run_time import TimeEstimate, estimate_time
from mtl_core.spec import method_members, spec_to_data
from mtl_core.store import RunStore, open_store
from tests.app.synthetic import experiment


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """A store with one finished run of the experiment, whose time is known."""
    with open_store(tmp_path / "runs.sqlite") as opened:
        run = opened.create_run(experiment())
        opened.claim(run, pid=1, host="elsewhere", device="CPU", versions={})
        opened.finish(run, "finished")
        yield opened


@pytest.fixture
def card(qtbot: QtBot, session: Session) -> BestMethodCard:
    session.document.load_spec(experiment())
    made = BestMethodCard(session)
    qtbot.addWidget(made)
    made.show()
    return made


def test_three_methods_are_suggested_and_the_number_of_runs_is_said(
    card: BestMethodCard, session: Session, qtbot: QtBot
) -> None:
    assert card.chosen == ("equal", "uncertainty", "pcgrad")
    assert card.methods.text() == "Equal, Uncertainty, PCGrad"
    assert "3 seeds × (3 methods + each of 2 tasks alone) = 15 runs" in card.summary.text()
    asked: list[Any] = []
    session.methodsRequested.connect(lambda *arguments: asked.append(arguments))
    session.document.set("training.seed", 7)
    qtbot.mouseClick(card.start, Qt.MouseButton.LeftButton)
    card.baselines.setChecked(False)
    assert card.start.text() == "Train all 9"
    qtbot.mouseClick(card.start, Qt.MouseButton.LeftButton)
    methods = ["equal", "uncertainty", "pcgrad"]
    assert asked == [(methods, [7, 8, 9], True), (methods, [7, 8, 9], False)]
    again = BestMethodCard(session)
    qtbot.addWidget(again)
    assert not again.baselines.isChecked()


def test_methods_are_ticked_in_a_menu_that_stays_open(card: BestMethodCard, session: Session, qtbot: QtBot) -> None:
    qtbot.mouseClick(card.methods, Qt.MouseButton.LeftButton)
    menu = card.findChild(QMenu, "best-menu")
    assert menu is not None
    found = menu.findChildren(QAction, QRegularExpression("best-method-"))
    ticks = {action.objectName(): action for action in found}
    assert "best-method-manual" not in ticks  # weights of 1 are those of Equal
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(ticks["best-method-equal"]).center())
    assert menu.isVisible()
    assert card.chosen == ("uncertainty", "pcgrad")
    for kind in ("uncertainty", "pcgrad", "mgda"):
        ticks[f"best-method-{kind}"].trigger()
    assert card.chosen == ("mgda",)
    assert card.error.label.text() == "Choose at least two methods."
    assert not card.start.isEnabled()
    menu.close()
    session.document.set("weighting", {"kind": "manual", "weights": {"left": 2.0}})
    assert "manual" in card._offered()


def test_what_cannot_be_compared_is_said_before_it_is_queued(card: BestMethodCard, session: Session) -> None:
    card.seeds.setValue(13)
    card.seeds.valueChanged.emit(13)
    assert "At most 60 runs" in card.error.label.text()
    card.seeds.setValue(12)
    card.seeds.valueChanged.emit(12)
    assert card.start.isEnabled()
    session.document.set("tasks", spec_to_data(experiment(("left",)))["tasks"])
    assert "at least two tasks" in card.error.label.text()
    assert not card.start.isEnabled()


def test_the_time_is_estimated_by_a_finished_run_and_the_measured_cost_of_each_method(
    card: BestMethodCard, store: RunStore, qtbot: QtBot, session: Session
) -> None:
    qtbot.waitUntil(lambda: "by the time of run 1" in card.summary.text())
    members = method_members(experiment(), ("equal", "mgda"), (0, 1), baselines=True)
    found = estimate_time(store, experiment(weighting={"kind": "equal"}), members)
    plain = estimate_time(store, experiment(), [m for m in members if m.spec.weighting.kind == "equal"])
    assert found is not None
    assert plain is not None
    assert found.seconds > plain.seconds > 0  # MGDA takes a backward pass for each task
    assert estimate_time(store, experiment(training={"epochs": 21}), members) is None
    session.document.set("training.epochs", 21)
    qtbot.waitUntil(lambda: "unknown until the first run" in card.summary.text())


def test_progress_is_shown_until_the_result_can_be(
    card: BestMethodCard, session: Session, store: RunStore, qtbot: QtBot
) -> None:
    runs = store.create_study(method_members(experiment(), ("equal", "pcgrad"), (0,), baselines=False))
    for run in runs:
        session.queue.runChanged.emit(store.run(run))
    qtbot.waitUntil(lambda: card.progress.text() == "Study 2: 0 of 2 runs")
    assert (card.stop.isVisible(), card.result.isVisible()) == (True, False)
    stopped: list[int] = []
    session.queue.stop_study = stopped.append  # type: ignore[method-assign]
    qtbot.mouseClick(card.stop, Qt.MouseButton.LeftButton)
    assert stopped == [2]
    store.finish(runs[0], "failed", "no memory")
    store.claim(runs[1], pid=1, host="elsewhere", device="CPU", versions={})
    store.finish(runs[1], "finished")
    for run in runs:
        session.queue.runChanged.emit(store.run(run))
    assert card.progress.text() == f"Study 2: 2 of 2 runs · failed: {runs[0]}"
    assert (card.stop.isVisible(), card.result.isVisible()) == (False, True)
    compared: list[int] = []
    session.compareChanged.connect(compared.extend)
    qtbot.mouseClick(card.result, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: compared == runs)
    assert session.groups_compared


def test_the_texts_of_a_comparison() -> None:
    assert comparison_text(2, 1, 2, baselines=False) == (
        "1 seed × 2 methods = 2 runs, one after the other. One seed says nothing of chance: take three or more."
    )
    assert methods_text(()) == "Choose methods"
    assert methods_text(("equal", "pcgrad", "mgda", "cagrad", "uncertainty")).endswith("CAGrad and 1 more")
    assert time_text(TimeEstimate(125.0, 4)) == "Training takes about 2 min 5 s, by the time of run 4."
