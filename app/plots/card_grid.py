"""A grid of cards whose number of columns follows the available width."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from app.plots.plot_layout import PlotLayout
from app.theme import CARD_GAP, STACK_BELOW

_LEAST = 270


def columns_for(count: int, width: int, window_width: int, least_width: int = _LEAST) -> int:
    """Number of columns for ``count`` cards: rows are filled evenly, and a narrow window has one column."""
    if window_width < STACK_BELOW or count < 2:
        return 1
    most = max(1, min(count, width // least_width))
    rows = -(-count // most)
    return -(-count // rows)


class CardGrid(QWidget):
    """Rearranges its cards when its width or the width of the window changes.

    Args:
        layout: The order, columns and height that a person has chosen, if the cards can be arranged.
        least_width: Least width of a card in pixels.
    """

    def __init__(self, layout: PlotLayout | None = None, least_width: int = _LEAST) -> None:
        super().__init__()
        self._layout, self._least_width = layout, least_width
        self._cards: list[QWidget] = []
        if layout is not None:
            layout.changed.connect(self._rearrange)
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(CARD_GAP)

    @property
    def columns(self) -> int:
        """Columns in use."""
        return self._columns

    @property
    def has_layout(self) -> bool:
        """Whether a person can arrange the cards."""
        return self._layout is not None

    def names(self) -> list[str]:
        """Object names of the cards, in the order of the page."""
        return [card.objectName() for card in self._cards]

    def name_of(self, inside: QWidget) -> str:
        """Object name of the card that a widget is in; empty if in none."""
        return next((card.objectName() for card in self._cards if card.isAncestorOf(inside)), "")

    def set_cards(self, cards: Sequence[QWidget]) -> None:
        """Replace the cards and delete the previous ones."""
        for card in self.replace_cards(cards):
            card.deleteLater()

    def replace_cards(self, cards: Sequence[QWidget]) -> list[QWidget]:
        """Replace the cards and return the previous ones, hidden, for the caller to delete."""
        previous = self._cards
        for card in previous:
            self._grid.removeWidget(card)
            card.hide()
        self._cards = list(cards)
        self._columns = 0
        self._arrange()
        return previous

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arranges for the new width."""
        super().resizeEvent(event)
        self._arrange()

    def _rearrange(self) -> None:
        self._columns = 0
        self._arrange()

    def _arrange(self) -> None:
        columns = columns_for(len(self._cards), self.width(), self.window().width(), self._least_width)
        cards = self._cards
        if self._layout is not None:
            order = {name: place for place, name in enumerate(self._layout.sorted(self.names()))}
            cards = sorted(cards, key=lambda card: order[card.objectName()])
            columns = min(self._layout.columns, len(cards)) or columns
        if columns == self._columns or not self._cards:
            return
        # Also of columns of earlier cards: an empty column would keep its share of the width.
        for column in range(max(columns, self._grid.columnCount())):
            self._grid.setColumnStretch(column, int(column < columns))
        for index, card in enumerate(cards):
            if self._layout is not None:
                card.setMinimumHeight(self._layout.height)
            self._grid.addWidget(card, index // columns, index % columns)
            card.show()
        self._columns = columns
