"""A study on the Compare page: Δm, its spread, negative transfer, grouped seeds, best epochs, inference cost."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.pages.compare import ComparePage
from app.pages.compare.views.cost_rows import cost_lines
from app.pages.compare.views.study_view import effect_sentences, study_view
from app.session import Session
from mtl_core.analysis.delta_m import MetricResult
from mtl_core.analysis.statistics import Spread
from mtl_core.analysis.studies import read_study
from mtl_core.protocol.questions import BatchCost, InferenceCost
from mtl_core.spec import study_members
from mtl_core.store import Points, Progress, RunStore, SeriesKey, open_store
from tests.app.synthetic import cells, experiment, headers

TOGETHER = {"left": (0.96, 0.97, 0.98), "right": (0.80, 0.81, 0.79)}
ALONE = {"left": (0.90, 0.91, 0.90), "right": (0.95, 0.96, 0.95)}


def finish(store: RunStore, run: int) -> None:
    """Ends a run of the study with the scores of its seed and role."""
    record = store.run(run)
    store.claim(run, pid=1, host="elsewhere", device="CPU", versions={})
    store.record_heartbeat(run, Progress(2, 2, 20, 20, 1.0, 0.0))
    for task in record.tasks:
        value = (ALONE if record.baseline else TOGETHER)[task][record.seed]
        points = {
            SeriesKey(task, "val", "accuracy"): Points.of([10, 20], [0.9, 0.8]),
            SeriesKey(task, "test", "accuracy"): Points.of([20], [value]),
        }
        store.append(run, points, {"accuracy": "max"})
    store.append(run, {SeriesKey("total", "val", "loss"): Points.of([10, 20], [0.2, 0.1])}, {"loss": "min"})
    store.finish(run, "finished")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """A study of three seeds whose last baseline still waits."""
    with open_store(tmp_path / "runs.sqlite") as opened:
        for run in opened.create_study(study_members(experiment(), (0, 1, 2), baselines=True))[:-1]:
            finish(opened, run)
        yield opened


def test_a_study_shows_delta_m_and_names_negative_transfer(
    qtbot: QtBot, store: RunStore, session: Session, page: ComparePage
) -> None:
    session.compare([1, 4, 7])
    qtbot.waitUntil(
        lambda: 1 in page.studies and page.studies[1].metrics.model().rowCount() > 0 and page.is_up_to_date()
    )
    card = page.studies[1]
    assert "2 seeds" in card.headline.text()
    assert "1 of 9 runs have not finished yet" in card.words.text()
    finish(store, 9)
    session.queue.runChanged.emit(store.run(9))
    qtbot.waitUntil(lambda: "3 seeds" in card.headline.text())
    assert card.headline.text().startswith("Δm −4.")
    assert "95 % interval" in card.headline.text()
    assert card.title.text() == "Study 1 · two digits, hard sharing · Uncertainty"
    assert "Negative transfer, beyond chance: right −16." in card.words.text()
    assert "Better together, beyond chance: left +7." in card.words.text()
    assert ["left · accuracy ↑", "0.9033 ± 0.0058", "0.970 ± 0.010"] in [row[:3] for row in cells(card.metrics)]
    assert [row[-1] for row in cells(card.metrics)] == ["better together", "negative transfer"]
    assert cells(card.seeds)[-1][0] == "Δm"
    assert len(cells(card.seeds)[-1]) == 4


def test_the_card_of_a_study_goes_with_its_runs(qtbot: QtBot, session: Session, page: ComparePage) -> None:
    session.compare([2])
    qtbot.waitUntil(lambda: list(page.studies) == [1] and page.is_up_to_date())
    session.compare([])
    qtbot.waitUntil(lambda: not page.studies and page.is_up_to_date())


def test_runs_that_differ_in_the_seed_alone_can_share_a_column(
    qtbot: QtBot, session: Session, page: ComparePage
) -> None:
    session.compare([1, 4, 7])
    qtbot.waitUntil(
        lambda: page.tests.model().columnCount() == 4 and page.tests.model().rowCount() == 2 and page.is_up_to_date()
    )
    assert page.group.isVisible()
    page.group.setChecked(True)
    qtbot.waitUntil(lambda: page.tests.model().columnCount() == 2 and page.is_up_to_date())
    assert headers(page.tests)[1] == "3 seeds of run 1\nUncertainty"
    assert cells(page.tests)[0] == ["left · accuracy ↑", "0.970 ± 0.010"]


def test_seeds_cannot_be_grouped_where_more_than_the_seed_differs(
    qtbot: QtBot, session: Session, page: ComparePage
) -> None:
    session.compare([1, 2])
    qtbot.waitUntil(lambda: page.tests.model().columnCount() == 3 and page.is_up_to_date())
    assert not page.group.isVisible()


def test_each_tasks_best_epoch_stands_beside_the_chosen_one(qtbot: QtBot, session: Session, page: ComparePage) -> None:
    session.compare([1])
    qtbot.waitUntil(lambda: page.best.model().rowCount() == 3 and page.is_up_to_date())
    assert cells(page.best) == [
        ["left · accuracy", "epoch 1"],
        ["right · accuracy", "epoch 1"],
        ["chosen by the run's rule", "epoch 2"],
    ]


COST = InferenceCost(
    device="cpu",
    threads=1,
    parameters=1200,
    parameter_bytes=4800,
    flops=2400,
    batches=(BatchCost(rows=1, milliseconds=0.5, peak_bytes=None, rows_per_second=2000.0),),
)


def test_cost_is_measured_once_for_runs_of_one_model(
    qtbot: QtBot, session: Session, page: ComparePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, Callable[[Any], object], Callable[[Exception], object]]] = []
    monkeypatch.setattr(
        session.worker, "ask", lambda question, done, failed: asked.append((question.ask, done, failed))
    )
    session.compare([1, 4])
    qtbot.waitUntil(
        lambda: len(page.selection.entries) == 2 and page.cost_card.measure.isEnabled() and page.is_up_to_date()
    )
    qtbot.mouseClick(page.cost_card.measure, Qt.MouseButton.LeftButton)
    assert [kind for kind, _, _ in asked] == ["cost"]
    assert not page.cost_card.measure.isEnabled()
    asked[0][1](COST)
    measured = ["time for 1 row at once", "0.500 ms", "0.500 ms"]
    qtbot.waitUntil(lambda: cells(page.cost_card.table)[2] == measured)  # the second run's record may come later


def test_a_cost_that_cannot_be_measured_says_why(
    qtbot: QtBot, session: Session, page: ComparePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session.worker, "ask", lambda _question, _done, failed: failed(ValueError("no such file")))
    session.compare([1])
    qtbot.waitUntil(page.cost_card.measure.isEnabled)
    qtbot.mouseClick(page.cost_card.measure, Qt.MouseButton.LeftButton)
    assert page.cost_card.error.label.text() == "run 1: no such file"
    assert page.cost_card.measure.isEnabled()


def test_the_cheaper_model_is_marked_and_memory_told_where_it_was_measured() -> None:
    batch = COST.batches[0].model_copy(update={"peak_bytes": 3 * 2**20})
    lines = cost_lines([COST, COST.model_copy(update={"flops": 1200, "batches": (batch,)}), None])
    assert [(cell.text, cell.best) for cell in lines[1].cells] == [
        ("2\u202f400", False),
        ("1\u202f200", True),
        ("—", False),
    ]
    assert (lines[-1].name, [cell.text for cell in lines[-1].cells]) == ("peak memory", ["—", "3.0 MiB", "—"])


def _score(task: str, *changes: float) -> MetricResult:
    spread = Spread.of(changes)
    return MetricResult(task, "accuracy", "max", True, spread, spread, dict(enumerate(changes)))


def test_an_effect_is_claimed_only_beyond_chance_and_the_others_are_one_sentence() -> None:
    noise = [_score(task, -0.16, 0.15, -0.01) for task in ("price", "satisfaction", "category")]
    assert effect_sentences(noise) == ("No clear effect on price, satisfaction, category (n = 3).",)
    assert effect_sentences([_score("price", -0.1)]) == ("One seed says nothing about chance: price.",)
    mixed = effect_sentences([_score("a", 0.1, 0.11, 0.1), _score("b", -0.2, -0.21, -0.2), *noise[:1]])
    assert mixed[0].startswith("Negative transfer, beyond chance: b −20.33 ± 0.58 %")
    assert mixed[1].startswith("Better together, beyond chance: a +10.33")
    assert mixed[2] == "No clear effect on price (n = 3)."


def test_a_study_without_baselines_is_a_spread(tmp_path: Path) -> None:
    with open_store(tmp_path / "seeds.sqlite") as store:
        for run in store.create_study(study_members(experiment(), (0, 1), baselines=False)):
            finish(store, run)
        study = read_study(store, 1)
    assert study is not None
    view = study_view(study)
    assert view.headline == "Mean ± standard deviation over 2 seeds"
    assert view.heads == ("all tasks",)
    assert (view.by_seed, view.words) == ((), ())
