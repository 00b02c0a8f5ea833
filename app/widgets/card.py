"""Cards, rows of cards, and the frame of a page."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.theme import CARD_GAP, GAP, PAGE_MARGIN, STACK_BELOW, card_title_font
from app.widgets.label_widgets import Elided, PageHeader
from app.widgets.plain_text import Label


class Card(QFrame):
    """A surface with a title, a muted subtitle at the right, and a ``body`` layout.

    ``header`` is the layout of the title row; widgets added to it stand at its right end.
    """

    def __init__(self, title: str = "", subtitle: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(title)
        self.title = Label(title)
        self.title.setFont(card_title_font())
        self.subtitle = Elided(subtitle)
        self.subtitle.setProperty("role", "muted")
        self.subtitle.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.header = QHBoxLayout()
        self.header.setSpacing(GAP)
        self.header.addWidget(self.title)
        self.header.addWidget(self.subtitle, 1)
        self.body = QVBoxLayout()
        self.body.setSpacing(GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(CARD_GAP, GAP, CARD_GAP, GAP)
        column.setSpacing(GAP)
        column.addLayout(self.header)
        column.addLayout(self.body, 1)
        self.title.setVisible(bool(title))
        self.subtitle.setVisible(bool(title or subtitle))

    def set_title(self, text: str) -> None:
        """Change the title."""
        self.title.setText(text)
        self.setAccessibleName(text)
        self.title.setVisible(bool(text))

    def set_subtitle(self, text: str) -> None:
        """Change the muted text at the right of the title."""
        self.subtitle.setText(text)
        self.subtitle.setVisible(bool(text or self.title.text()))


class HLine(QFrame):
    """A horizontal separator line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "line")
        self.setFixedHeight(1)


class CardRow(QWidget):
    """Cards side by side, or one below the other while the window or the row is too narrow.

    Args:
        parent: Owner.
        stack_below: Window width at which the row becomes a column.
    """

    def __init__(self, parent: QWidget | None = None, *, stack_below: int = STACK_BELOW) -> None:
        super().__init__(parent)
        self._stack_below = stack_below
        self._min_row_width = 0
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(CARD_GAP)

    def add(self, card: QWidget, stretch: int = 1) -> None:
        """Add ``card`` at the end."""
        self._row.addWidget(card, stretch)

    def set_stretches(self, stretches: Sequence[int]) -> None:
        """Set the stretch factor of each card."""
        for index, stretch in enumerate(stretches):
            self._row.setStretch(index, stretch)

    def clear(self) -> None:
        """Remove and delete every card."""
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def set_min_row_width(self, width: int) -> None:
        """Set the width of the row below which its cards stand one below the other."""
        self._min_row_width = width
        self._update_direction()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Switch between row and column."""
        super().resizeEvent(event)
        self._update_direction()

    def _update_direction(self) -> None:
        stacked = self.window().width() < self._stack_below or self.width() < self._min_row_width
        direction = QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight
        if self._row.direction() != direction:
            self._row.setDirection(direction)


class PageBody(QWidget):
    """The frame of a page: margins, a ``header`` and a ``body`` layout, scrolling when ``scroll`` is set."""

    def __init__(self, title: str, *, scroll: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PageHeader(title)
        column = QVBoxLayout(self)
        column.setContentsMargins(PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN)
        column.setSpacing(CARD_GAP)
        column.addWidget(self.header)
        self.body = QVBoxLayout()
        self.body.setSpacing(CARD_GAP)
        if scroll:
            self.body.setContentsMargins(0, 0, 0, 0)
            column.addWidget(scroll_area(self.body), 1)
        else:
            column.addLayout(self.body, 1)


def scroll_area(layout: QBoxLayout) -> QScrollArea:
    """A vertical scroll area without a frame around ``layout``."""
    content = QWidget()
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    area.viewport().setAutoFillBackground(False)
    content.setAutoFillBackground(False)  # after setWidget, which turns it on
    content.setLayout(layout)
    return area
