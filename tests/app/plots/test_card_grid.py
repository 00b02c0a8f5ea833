"""The grid of plot cards."""

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.plots import CardGrid


@pytest.mark.parametrize("before", [2, 4, 9])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_cards_fill_the_width_whatever_cards_stood_there_before(qtbot: QtBot, before: int, after: int) -> None:
    grid = CardGrid()
    qtbot.addWidget(grid)
    grid.resize(1400, 300)
    grid.show()
    grid.set_cards([QLabel("before") for _ in range(before)])
    cards = [QLabel("after") for _ in range(after)]
    grid.set_cards(cards)
    qtbot.waitUntil(lambda: all(card.isVisible() for card in cards))
    grid.layout().activate()
    assert max(card.geometry().right() for card in cards) >= 1398
