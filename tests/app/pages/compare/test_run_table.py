"""The table of runs: every header can be read, whatever the number of runs."""

from collections.abc import Sequence

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from app.pages.compare.run_table import RunTable, distribute_width
from app.pages.compare.views.comparison import Cell, Line
from app.theme import apply_theme
from app.widgets import Card, CardRow
from tests.app.synthetic import cells, headers, is_bold

METHODS = ("uncertainty", "equal", "geometric_mean", "aligned_mtl", "pcgrad", "nash_mtl", "imtl", "gradnorm")


@pytest.fixture
def table(qtbot: QtBot, qapp: object) -> RunTable:
    apply_theme(qapp, "light")  # type: ignore[arg-type]
    made = RunTable("table", "A table")
    qtbot.addWidget(made)
    return made


def fill(table: RunTable, methods: Sequence[str]) -> None:
    heads = [(f"run {number}\n{method}", number) for number, method in enumerate(methods, start=1)]
    cells = tuple(Cell("0.973", best=number == 1) for number in range(len(methods)))
    table.fill("task", heads, [Line("left · accuracy ↑", cells), Line("a name that is longer than others", cells)])


@pytest.mark.parametrize("width", [500, 900, 1600])
def test_no_header_and_no_number_is_cut(table: RunTable, width: int) -> None:
    table.resize(width, 300)
    table.show()
    fill(table, METHODS)
    bold = table.font()
    bold.setBold(True)
    for column in range(1, len(headers(table))):
        widest = max(map(table.fontMetrics().horizontalAdvance, headers(table)[column].split("\n")))
        assert widest + 16 <= table.columnWidth(column)
        metrics = QFontMetrics(bold) if is_bold(table, 0, column) else table.fontMetrics()
        assert metrics.horizontalAdvance(cells(table)[0][column]) + 8 <= table.columnWidth(column)
    assert table.horizontalHeader().height() >= 2 * table.fontMetrics().lineSpacing()


def test_a_long_name_is_shortened_in_the_middle_and_whole_in_the_tooltip(table: RunTable) -> None:
    fill(table, ["a_weighting_method_of_a_very_long_name"])
    first, second = headers(table)[1].split("\n")
    assert first == "run 1"
    assert second.startswith("a_weig")
    assert second.endswith("_name")
    assert "…" in second
    tooltip = table.model().headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert tooltip == "run 1 · a_weighting_method_of_a_very_long_name"


@pytest.mark.parametrize(
    ("room", "widths"),
    [
        (300, [100, 100, 100]),
        (160, [53, 83, 23]),
        (100, [33, 53, 13]),
        (60, [30, 30, 10]),
    ],
)
def test_room_is_shared_out_by_what_columns_want_and_need(room: int, widths: list[int]) -> None:
    found = distribute_width(room, [50, 80, 20], [30, 30, 10])
    assert found == pytest.approx(widths, abs=10)
    assert sum(found) <= max(room, 70)
    assert all(width >= floor for width, floor in zip(found, [30, 30, 10], strict=True))


def test_cards_that_need_more_than_their_row_stand_under_each_other(qtbot: QtBot) -> None:
    row = CardRow(stack_below=0)
    qtbot.addWidget(row)
    cards = [Card("one"), Card("two")]
    for card in cards:
        row.add(card)
    row.resize(600, 300)
    row.show()
    assert cards[0].y() == cards[1].y()
    row.set_min_row_width(700)
    qtbot.waitUntil(lambda: cards[0].y() < cards[1].y())
    row.resize(800, 300)
    qtbot.waitUntil(lambda: cards[0].y() == cards[1].y())
