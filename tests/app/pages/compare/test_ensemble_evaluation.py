"""The ensemble of the compared runs: a further column, or the reason why there is none."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.pages.compare import ComparePage
from app.session import Session
from mtl_core.protocol.questions import EnsembleQuestion, EnsembleScores, SavePredictionsQuestion
from mtl_core.spec import InputError, fold_members
from mtl_core.store import RunStore
from tests.app.synthetic import add_run, cells, experiment, headers, is_bold

Ask = tuple[EnsembleQuestion, Callable[[EnsembleScores], object], Callable[[Exception], object]]
SCORES = EnsembleScores(
    runs=(1, 2), metrics={"left": {"accuracy": 0.99, "loss": 0.5}, "right": {"accuracy": 0.5}}, members=()
)


@pytest.fixture
def asked(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[Ask]:
    """What the worker was asked."""
    found: list[Ask] = []
    monkeypatch.setattr(session.worker, "ask", lambda *ask: found.append(ask))
    return found


def press(qtbot: QtBot, session: Session, page: ComparePage, *runs: int) -> None:
    """Compare runs and press the button."""
    session.compare(runs)
    qtbot.waitUntil(lambda: shown(page) == list(runs) and page.tests.model().rowCount() == 4 and page.is_up_to_date())
    qtbot.mouseClick(page.ensemble_evaluation.button, Qt.MouseButton.LeftButton)


def shown(page: ComparePage) -> list[int]:
    """The runs that the page shows."""
    return [chip.run for chip in page.chips.chips]


def column(page: ComparePage, at: int) -> list[str]:
    """A column of the test metrics, its head first."""
    return [headers(page.tests)[at], *(row[at] for row in cells(page.tests))]


def test_the_ensemble_of_the_runs_stands_beside_them_and_may_be_best(
    qtbot: QtBot, session: Session, page: ComparePage, asked: list[Ask]
) -> None:
    press(qtbot, session, page, 1, 2)
    question, done, _ = asked[-1]
    assert question == EnsembleQuestion(store=session.store.url, runs=(1, 2), split="test")
    assert (page.ensemble_evaluation.button.text(), page.ensemble_evaluation.button.isEnabled()) == (
        "Averaging…",
        False,
    )
    assert page.tests.model().columnCount() == 3
    done(SCORES)
    qtbot.waitUntil(lambda: page.tests.model().columnCount() == 4 and page.is_up_to_date())
    assert column(page, 3) == ["ensemble", "0.990", "0.500", "0.500", "—"]
    assert [is_bold(page.tests, 0, at) for at in (1, 2, 3)] == [False, False, True]
    assert not page.ensemble_evaluation.button.isEnabled()


def test_other_runs_have_no_ensemble_until_it_is_asked_for(
    qtbot: QtBot, session: Session, page: ComparePage, asked: list[Ask]
) -> None:
    press(qtbot, session, page, 1, 2)
    session.compare([1, 3])
    qtbot.waitUntil(lambda: shown(page) == [1, 3] and page.tests.model().columnCount() == 3 and page.is_up_to_date())
    asked[-1][1](SCORES)  # it comes late, for runs that are not compared any more
    qtbot.waitUntil(page.is_up_to_date)
    assert page.tests.model().columnCount() == 3
    assert (page.ensemble_evaluation.button.text(), page.ensemble_evaluation.button.isEnabled()) == (
        "Average these runs",
        True,
    )
    session.compare([2, 1])
    qtbot.waitUntil(lambda: page.tests.model().columnCount() == 4 and page.is_up_to_date())
    session.compare([1])
    qtbot.waitUntil(lambda: not page.ensemble_evaluation.button.isVisible() and page.is_up_to_date())


def test_runs_that_do_not_belong_together_are_told_so(
    qtbot: QtBot, session: Session, page: ComparePage, asked: list[Ask]
) -> None:
    press(qtbot, session, page, 1, 2)
    asked[-1][2](InputError("run 2", "needs the same tasks as run 1"))
    assert "needs the same tasks" in page.ensemble_evaluation.error.label.text()
    assert page.ensemble_evaluation.error.isVisible()
    assert page.ensemble_evaluation.button.isEnabled()
    session.compare([1, 3])
    qtbot.waitUntil(lambda: shown(page) == [1, 3])
    assert not page.ensemble_evaluation.error.isVisible()


def test_folds_of_one_experiment_are_gathered_out_of_fold(
    qtbot: QtBot,
    store: RunStore,
    session: Session,
    page: ComparePage,
    asked: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    split = {"kind": "kfold", "folds": 2}
    folds = fold_members(
        experiment(dataset={"kind": "bundled", "name": "multidigits", "split": split}), baselines=False
    )
    runs = [add_run(store, member.spec, epochs=1) for member in folds]
    session.compare(runs)
    qtbot.waitUntil(lambda: shown(page) == runs and page.tests.model().rowCount() == 4 and page.is_up_to_date())
    assert page.ensemble_evaluation.button.text() == "Gather the folds"
    qtbot.mouseClick(page.ensemble_evaluation.button, Qt.MouseButton.LeftButton)
    asked[-1][1](SCORES)
    qtbot.waitUntil(lambda: page.tests.model().columnCount() == 4 and page.is_up_to_date())
    assert headers(page.tests)[3] == "out of fold"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("/x/oof.csv", ""))
    qtbot.mouseClick(page.ensemble_evaluation.button, Qt.MouseButton.LeftButton)
    question, saved, _ = asked[-1]
    assert question == SavePredictionsQuestion(store=session.store.url, runs=tuple(runs), path="/x/oof.csv")
    assert page.ensemble_evaluation.button.text() == "Saving…"
    saved(1200)  # type: ignore[arg-type]
    assert page.ensemble_evaluation.button.text() == "Saved 1\N{NARROW NO-BREAK SPACE}200 rows"
