"""The heat map."""

import math

import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from app.plots import MatrixPlot
from app.plots.heat_map import cell_color
from app.theme import theme


def plot_of(qtbot: QtBot, count: int, width: int = 420, height: int = 260) -> MatrixPlot:
    plot = MatrixPlot()
    qtbot.addWidget(plot)
    plot.resize(width, height)
    plot.set_values([f"a rather long name {i}" for i in range(count)], [[0.5] * count for _ in range(count)])
    return plot


@pytest.mark.parametrize("count", [0, 1, 2, 10, 40, 150])
def test_any_number_of_names_can_be_drawn(qtbot: QtBot, count: int) -> None:
    assert not plot_of(qtbot, count).grab().isNull()


def test_cells_fill_the_widget_and_are_found_again(qtbot: QtBot) -> None:
    plot = plot_of(qtbot, 10)
    assert plot.cell_rect(9, 9).right() == pytest.approx(420, abs=3)
    assert plot.cell_rect(9, 9).bottom() == pytest.approx(260, abs=3)
    assert plot.cell_at(plot.cell_rect(3, 7).center()) == (3, 7)
    assert plot.cell_at(QPointF(1, 1)) is None


def test_ten_names_have_room_for_their_numbers(qtbot: QtBot) -> None:
    plot = plot_of(qtbot, 10)
    plot.resize(plot.width(), plot.minimumSizeHint().height())
    assert plot.cell_rect(0, 0).height() >= plot.fontMetrics().capHeight()


def test_what_is_not_known_has_a_dash(qtbot: QtBot) -> None:
    plot = MatrixPlot()
    qtbot.addWidget(plot)
    plot.set_values(["a", "b"], [[1.0, math.nan], [-0.5, 1.0]])
    assert plot.text_at(0, 1) == "–"
    assert plot.text_at(1, 0) == "−0.50"


def test_colors_part_at_zero(qtbot: QtBot) -> None:
    assert cell_color(1.0).name().upper() == theme().agree
    assert cell_color(-1.0).name().upper() == theme().disagree
    assert cell_color(0.0).name().upper() == theme().surface
