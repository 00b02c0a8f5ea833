"""The heat map."""

import math

import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from app.plots import LengthMatrix, MatrixPlot
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


def lengths_of(qtbot: QtBot, values: list[list[float]]) -> LengthMatrix:
    plot = LengthMatrix()
    qtbot.addWidget(plot)
    plot.resize(420, 260)
    plot.set_lengths(
        [f"block {i}" for i in range(len(values))],
        [f"task {i}" for i in range(len(values[0]) if values else 2)],
        values,
    )
    return plot


@pytest.mark.parametrize(("rows", "columns"), [(0, 2), (1, 1), (3, 2), (2, 5), (150, 40)])
def test_lengths_of_any_number_of_blocks_and_tasks_fill_the_widget(qtbot: QtBot, rows: int, columns: int) -> None:
    plot = lengths_of(qtbot, [[float(row + column) for column in range(columns)] for row in range(rows)])
    assert not plot.grab().isNull()
    if rows:
        last = plot.cell_rect(rows - 1, columns - 1)
        assert (last.right(), last.bottom()) == (pytest.approx(420, abs=3), pytest.approx(260, abs=3))
        assert plot.cell_at(last.center()) == (rows - 1, columns - 1)
    assert plot.cell_at(QPointF(1, 1)) is None


def test_a_length_is_colored_by_its_share_of_the_longest_in_its_row(qtbot: QtBot) -> None:
    plot = lengths_of(qtbot, [[2.0, 0.5], [0.25, math.nan], [0.0, 0.0]])
    assert [plot.background_at(0, column) for column in (0, 1)] == [cell_color(1.0), cell_color(0.25)]
    assert plot.background_at(1, 0) == cell_color(1.0)
    assert plot.background_at(1, 1) is None
    assert plot.background_at(2, 1) == cell_color(0.0)
    assert (plot.text_at(0, 0), plot.text_at(1, 1)) == ("2.000", "–")
    assert plot.tooltip_at(0, 1) == "block 0, task 1: 0.500, 25 % of the longest in this row"
    assert plot.tooltip_at(1, 1) == "block 1, task 1: –"
