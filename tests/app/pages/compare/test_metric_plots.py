"""The plots of test metrics, the tests over seeds, and the export of the Compare page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.pages.compare import ComparePage
from app.pages.compare.cards.metric_plots_card import BARS, PARALLEL
from app.pages.compare.views.metric_plots import front_text, plotted_metrics, plotted_runs
from app.pages.compare.views.paired_view import paired_view
from app.session import Session
from mtl_core.store import RunStore, open_store
from tests.analysis.test_comparison import EQUAL, UNCERTAINTY, houses
from tests.app.synthetic import add_run, cells, experiment


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """Two methods with two seeds each."""
    with open_store(tmp_path / "runs.sqlite") as opened:
        for number, method in enumerate(("equal", "uncertainty") * 2):
            training = {"epochs": 1, "batch_size": 128, "seed": number // 2}
            add_run(opened, experiment(weighting={"kind": method}, training=training), seed=number + 1, epochs=1)
        yield opened


def test_the_front_and_its_hypervolume_are_those_of_the_runs() -> None:
    comparison = houses(("equal", "", EQUAL), ("uncertainty", "", UNCERTAINTY))
    rows = plotted_metrics(comparison)
    runs = plotted_runs(comparison, rows)
    assert [run.run for run in runs if run.on_front] == [4, 5, 6]
    text = front_text(runs, rows)
    assert "run 6" in text
    assert "from the worst values (0.790, 0.900)" in text


def test_tests_over_seeds_have_a_row_for_each_score() -> None:
    view = paired_view(houses(("equal", "", EQUAL), ("uncertainty", "", UNCERTAINTY)))
    assert view.subtitle == "against Equal"
    assert [line.name for line in view.lines] == [
        "Uncertainty · price r2 ↑", "Uncertainty · sold accuracy ↑", "Uncertainty · Δm",
    ]  # fmt: skip
    assert [cell.text for cell in view.lines[0].cells][1] == "3 of 3"
    assert view.lines[0].cells[-1].tone == "good"


def test_a_click_on_a_point_names_its_run_and_the_tables_are_copied_and_reported(
    qtbot: QtBot, session: Session, page: ComparePage, tmp_path: Path
) -> None:
    session.compare([1, 2, 3, 4])
    card = page.metric_plots
    qtbot.waitUntil(lambda: card.isVisible() and len(card.points.marks()) == 4 and page.is_up_to_date())
    assert cells(page.paired.table)[0][0] == "Uncertainty · left accuracy ↑"
    mark = card.points.marks()[1]
    qtbot.mouseClick(card.points, Qt.MouseButton.LeftButton, pos=mark.place.toPoint())
    assert card.found.text().startswith(f"run {mark.run} · ")
    assert card.open_run.isVisible()
    for kind, plot in ((PARALLEL, card.parallel), (BARS, card.bars)):
        card.kind.setCurrentText(kind)
        card.kind.activated.emit(card.kind.currentIndex())
        assert card.plots.currentWidget() is plot
        assert {found.run for found in plot.marks()} == {1, 2, 3, 4}
        assert not plot.grab().isNull()

    page.export_menu.copy_tables("latex")
    qtbot.waitUntil(lambda: r"\toprule" in QGuiApplication.clipboard().text())
    page.export_menu.save_report(tmp_path / "report.html")
    qtbot.waitUntil((tmp_path / "report.html").exists)

    page.paired.against.setCurrentIndex(2)
    page.paired.against.activated.emit(2)
    qtbot.waitUntil(lambda: page.paired.subtitle.full_text() == "against Uncertainty")


def test_bands_over_seeds_replace_training_curves_and_go_again(
    qtbot: QtBot, session: Session, page: ComparePage
) -> None:
    session.compare([1, 2, 3, 4])
    qtbot.waitUntil(lambda: page.bands.isVisible() and len(page.curve_grid.cards) == 3 and page.is_up_to_date())
    plot = page.curve_grid.cards["left"].plot
    page.bands.setChecked(True)
    qtbot.waitUntil(lambda: plot.band_keys() == [("band", (1, 3)), ("band", (2, 4))])
    assert {key for key in plot.curve_keys() if "train" in key} == set()  # type: ignore[operator]
    page.bands.setChecked(False)
    qtbot.waitUntil(lambda: plot.band_keys() == [] and (1, "train") in plot.curve_keys())
    assert ("band", (1, 3)) not in plot.curve_keys()
