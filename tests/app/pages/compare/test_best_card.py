"""A study of several weighting methods on the Compare page: which is best, its runs in groups, its one card."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.main_window import run_messages
from app.navigation import Page
from app.pages.compare import ComparePage
from app.pages.compare.views.study_view import study_view
from app.session import Session
from mtl_core.analysis.studies import read_study
from mtl_core.spec import method_members
from mtl_core.store import Points, RunStore, SeriesKey, open_store
from tests.app.synthetic import cells, experiment, headers

SCORES = {"equal": (0.80, 0.82, 0.81), "uncertainty": (0.90, 0.93, 0.91), "": (0.70, 0.71, 0.72)}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """Two methods and two baselines with three seeds; the last run has failed."""
    with open_store(tmp_path / "runs.sqlite") as opened:
        runs = opened.create_study(method_members(experiment(), ("equal", "uncertainty"), (0, 1, 2), baselines=True))
        for run in runs:
            record = opened.run(run)
            opened.claim(run, pid=1, host="elsewhere", device="CPU", versions={})
            if run == runs[-1]:
                opened.finish(run, "failed", "no memory")
                continue
            value = SCORES["" if record.baseline else record.method][record.seed]
            points = {SeriesKey(task, "test", "accuracy"): Points.of([20], [value]) for task in record.tasks}
            opened.append(run, points, {"accuracy": "max"})
            opened.finish(run, "finished")
        yield opened


def test_a_study_of_methods_opens_in_groups_and_says_which_is_best(
    qtbot: QtBot, session: Session, page: ComparePage
) -> None:
    opened: list[Page] = []
    session.pageRequested.connect(opened.append)
    session.compare_study(1)
    qtbot.waitUntil(lambda: len(page.selection.entries) == 12 and page.is_up_to_date())
    qtbot.waitUntil(lambda: page.which_is_best.isVisible() and page.tests.model().columnCount() == 5)
    assert opened == [Page.COMPARE]
    assert [head.partition("\n")[2] for head in headers(page.tests)[1:]] == [
        "Equal", "Uncertainty", "left alone", "right alone",
    ]  # fmt: skip
    first, *others = page.which_is_best.words.text().split("\n")
    assert first.startswith("Over all tasks, against each task alone: Uncertainty")
    assert [text.partition(": ")[0] for text in others] == ["On “left” (accuracy)", "On “right” (accuracy)"]
    assert "better than every other one beyond chance" in others[0]
    assert page.which_is_best.notes.text() == "Without a result: run 12 (failed)."
    assert page.bands.isChecked()
    qtbot.waitUntil(lambda: 1 in page.studies and "Uncertainty" in page.studies[1].headline.text())
    assert headers(page.studies[1].metrics)[1:] == ["alone", "Equal", "Uncertainty"]
    assert [row[0] for row in cells(page.studies[1].seeds)] == ["Δm Equal", "Δm Uncertainty"]


def test_report_and_latex_table_are_one_click_away(
    qtbot: QtBot, session: Session, page: ComparePage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.compare_study(1)
    qtbot.waitUntil(lambda: page.which_is_best.isVisible() and page.is_up_to_date())
    for button, name in ((page.which_is_best.report, "best.html"), (page.which_is_best.latex, "best.tex")):
        path = tmp_path / name
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=path: (str(path), ""))
        button.click()
        qtbot.waitUntil(path.exists)
        assert "Over all tasks, against each task alone: Uncertainty" in path.read_text(encoding="utf-8")


def test_runs_of_one_method_have_no_best(qtbot: QtBot, session: Session, page: ComparePage) -> None:
    session.compare([1, 5, 9])
    qtbot.waitUntil(lambda: page.reader.comparison is not None and page.is_up_to_date())
    assert not page.which_is_best.isVisible()


def test_the_message_at_the_end_says_what_is_best_and_what_did_not_finish(store: RunStore) -> None:
    study = read_study(store, 1)
    assert study is not None
    sentence = "Over all tasks, against each task alone: Uncertainty is best."
    text = run_messages.methods_message(study, [sentence, "On “left”: …"])
    assert text == f"Which is best? {sentence} 1 of 12 runs did not finish: run 12."
    assert run_messages.methods_message(study, []).startswith("Study 1 has ended.")
    view = study_view(study)
    assert view.title == "Study 1 · two digits, hard sharing · Equal · Uncertainty"
    assert view.headline.startswith("Δm: Equal +")
    assert view.words[0].startswith("Equal: ")
