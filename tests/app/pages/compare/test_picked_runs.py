"""A click on a curve of the Compare page finds its run: in the chips, the tables, and all other plots."""

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.pages.compare import ComparePage
from app.session import Session
from app.theme import theme


def show(qtbot: QtBot, session: Session, page: ComparePage) -> None:
    session.compare([1, 2, 3])
    qtbot.waitUntil(
        lambda: len(page.chips.chips) == 3 and len(page.curve_grid.cards) == 3 and page.tests.model().rowCount() == 4
    )
    qtbot.waitUntil(lambda: page.is_up_to_date() and len(page.curve_grid.cards["left"].plot.curve_keys()) == 6)


def test_a_clicked_curve_marks_chip_and_columns_and_is_raised_on_every_plot(
    qtbot: QtBot, session: Session, page: ComparePage
) -> None:
    show(qtbot, session, page)
    page.curve_grid.cards["left"].plot.curveClicked.emit((2, "val"))
    assert page.picked.runs == (2,)
    assert [chip.run for chip in page.chips.chips if chip.is_picked] == [2]
    for card in page.curve_grid.cards.values():
        assert {(2, "train"), (2, "val")} <= card.plot.raised_curves
    assert page.tests.marked_columns == page.differs.marked_columns == {1}
    picture = page.tests.viewport().grab().toImage()
    y = page.tests.rowHeight(0) // 4
    inside, beside = (picture.pixelColor(page.tests.columnViewportPosition(column) + 2, y) for column in (2, 1))
    assert inside.name() == theme().accent_wash.lower()
    assert inside != beside
    plot = page.curve_grid.cards["left"].plot
    assert plot._curves[2, "val"].name.startswith("Run 2 · ")
    plot.curveClicked.emit(None)
    assert page.picked.runs == ()
    assert page.tests.marked_columns == frozenset()
    assert not any(chip.is_picked for chip in page.chips.chips)


def test_a_clicked_chip_picks_its_run_and_lets_it_go(qtbot: QtBot, session: Session, page: ComparePage) -> None:
    show(qtbot, session, page)
    chip = page.chips.chips[2]
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert page.picked.runs == (3,)
    session.compare([2, 3])  # the columns move, the mark stays with the run
    qtbot.waitUntil(lambda: page.is_up_to_date() and page.differs.marked_columns == {1})
    qtbot.mouseClick(page.chips.chips[1], Qt.MouseButton.LeftButton)
    assert page.picked.runs == ()
    assert page.curve_grid.cards["left"].plot.raised_curves == {("band", ())}


def test_a_point_of_a_metric_plot_picks_its_run(qtbot: QtBot, session: Session, page: ComparePage) -> None:
    show(qtbot, session, page)
    page.metric_plots.points.runPicked.emit(2)
    assert page.picked.runs == (2,)
    page.curve_grid.runsPicked.emit((1, 3))  # the mean of two seeds
    assert page.tests.marked_columns == {0, 2}
