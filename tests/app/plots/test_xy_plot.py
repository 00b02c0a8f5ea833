"""Plots over two numeric axes, and matrices of counts."""

import math

import numpy as np
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from app.plots import CountMatrix, DifferenceMatrix, XYPlot, XYSeries


def test_a_plot_tells_the_point_under_the_cursor_and_draws_its_line(qtbot: QtBot) -> None:
    plot = XYPlot("recall", "precision", diagonal=True)
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    before = plot.grab().toImage()
    x, y = np.array([0.0, 0.5, 1.0]), np.array([1.0, 0.25, 0.0])
    plot.set_series([XYSeries(x, y, has_dots=True)])
    plot.set_marker((0.5, 0.25))
    assert plot.grab().toImage() != before
    area = plot._area()
    place = QPointF(area.left() + 0.5 * area.width(), area.bottom() - 0.25 * area.height())
    assert plot.tooltip_at(place) == "recall 0.500, precision 0.250"
    assert plot.tooltip_at(QPointF(area.left() + 0.5 * area.width(), area.top())) == ""
    plot.set_series([XYSeries(x, y, is_line=False, labels=("a", "b", "c"))])
    assert plot.marker is None
    assert plot.tooltip_at(place) == "b"


def test_a_matrix_shows_counts_or_shares_and_colors_errors_unlike_hits(qtbot: QtBot) -> None:
    matrix = CountMatrix()
    qtbot.addWidget(matrix)
    matrix.resize(300, 200)
    shares = [[0.75, 0.25], [math.nan, math.nan]]
    for show_shares, texts in ((False, ["3", "1", "0", "0"]), (True, ["0.75", "0.25", "–", "–"])):
        matrix.set_counts(
            ("a", "b"), [[3, 1], [0, 0]], shares, lambda row, column: f"{row} {column}", show_shares=show_shares
        )
        assert [matrix.text_at(row, column) for row in (0, 1) for column in (0, 1)] == texts
    assert matrix.tooltip_at(0, 0) == "0 0"
    hit, error = matrix.background_at(0, 0), matrix.background_at(0, 1)
    assert hit is not None
    assert error is not None
    assert hit.hue() != error.hue()
    assert matrix.background_at(1, 0) is None
    assert matrix.accessibleDescription() == "a: 0.75, 0.25; b: –, –"


def test_a_difference_of_matrices_has_one_color_for_fewer_errors_and_another_for_more(qtbot: QtBot) -> None:
    matrix = DifferenceMatrix()
    qtbot.addWidget(matrix)
    matrix.set_differences(("a", "b"), [[0.1, -0.1], [0.2, math.nan]], lambda row, column: f"{row} {column}")
    texts = [matrix.text_at(row, column) for row in (0, 1) for column in (0, 1)]
    assert texts == ["+0.10", "−0.10", "+0.20", "–"]
    more_hits, fewer_errors, more_errors = (matrix.background_at(*cell) for cell in ((0, 0), (0, 1), (1, 0)))
    assert more_hits is not None
    assert more_errors is not None
    assert more_hits == fewer_errors
    assert more_hits.hue() != more_errors.hue()
    assert matrix.background_at(1, 1) is None
    assert matrix.tooltip_at(1, 0) == "1 0"
