"""Which curve is under the cursor: raised by a click, named by hovering."""

from collections.abc import Hashable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from app.plots import CurvePlot, ticker
from app.plots.curve_image import Line
from app.plots.curves.curve_at import curve_at
from app.plots.curves.readout import Row, nearest_rows

STEPS = np.arange(100.0)
PIXEL = (0.1, 0.01)


def line(x: list[float], y: list[float]) -> Line:
    places, values = np.array(x), np.array(y)
    return Line(places, values, None, None, places, values)


def test_the_nearest_curve_within_a_few_pixels_is_meant() -> None:
    lines = {"low": line([0, 10], [0, 0]), "high": line([0, 10], [1, 1]), "none": line([], [])}
    assert curve_at(lines, (5, 0.05), PIXEL) == "low"  # 5 pixels above the middle of its only segment
    assert curve_at(lines, (5, 0.95), PIXEL) == "high"
    assert curve_at(lines, (5, 0.5), PIXEL) is None
    assert curve_at(lines, (11, 0.0), PIXEL) is None  # 10 pixels beyond its end


def test_a_gap_and_a_single_point_are_no_segments() -> None:
    lines = {"gap": line([0, 1, 2, 3], [0, float("nan"), 0, 0]), "point": line([5], [1])}
    assert curve_at(lines, (1.0, 0.0), PIXEL) is None
    assert curve_at(lines, (2.5, 0.0), PIXEL) == "gap"
    assert curve_at(lines, (5.3, 1.0), PIXEL) == "point"


def test_the_curve_under_the_cursor_has_its_row_among_many() -> None:
    rows = [Row(str(i), "", 0, dash=False, height=float(i), key=i) for i in range(12)]
    shown = nearest_rows(rows, 0.0, pointed=11)
    assert [row.key for row in shown[:-1]] == [*range(9), 11]


@pytest.fixture
def plot(qtbot: QtBot) -> Iterator[CurvePlot]:
    made = CurvePlot()
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.set_curve("up", STEPS, STEPS, label="up", name="Run 1 · houses")
    made.set_curve("down", STEPS, 99 - STEPS, label="down", name="Run 2 · houses", faint=True)
    made.show()
    qtbot.waitUntil(lambda: ticker().is_idle() and made.picture is not None)
    yield made
    qtbot.waitUntil(ticker().is_idle)


def place(plot: CurvePlot, x: float, y: float) -> QPointF:
    return QPointF(plot._canvas.mapFromScene(plot._canvas.box.mapViewToScene(QPointF(x, y))))


def test_a_click_raises_the_curve_and_one_beside_lets_it_down(plot: CurvePlot, qtbot: QtBot) -> None:
    clicked: list[Hashable] = []
    plot.curveClicked.connect(clicked.append)
    viewport = plot._canvas.viewport()
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place(plot, 20, 79).toPoint())
    assert clicked == ["down"]
    assert plot.raised_curves == {"down"}
    item, other = plot._items.main["down"], plot._items.main["up"]
    assert (item.zValue(), item.opts["pen"].width(), item.opts["pen"].color().alpha()) == (2, 2, 255)
    assert (other.zValue(), other.opts["pen"].width()) == (1, 1)
    plot.set_curve("down", STEPS, 99 - STEPS, color=3, faint=True)
    assert item.opts["pen"].width() == 2  # new points and colors leave it raised
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place(plot, 50, 90).toPoint())
    assert clicked == ["down", None]
    assert plot.raised_curves == frozenset()
    assert item.opts["pen"].width() == 1


def test_hovering_a_curve_names_it(plot: CurvePlot) -> None:
    plot._hover(place(plot, 20, 20))
    assert "<b>up</b>" in plot._readout.text
    assert "Run 1 · houses" in plot._readout.text
    plot._hover(place(plot, 20, 50))
    assert "<b>up</b>" not in plot._readout.text
    assert "Run 1" not in plot._readout.text
