"""The line that shows where a dragged layer would be inserted."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from app.theme import resolve

_HEIGHT, _SCROLL_MARGIN = 3, 24


class DropMark(QFrame):
    """A line between two rows of a list, hidden unless something is dragged over it.

    Args:
        parent: The list.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._list = parent
        self.hide()

    def gap_at(self, place: QPoint, rows: Sequence[QWidget]) -> int:
        """The index of the row before which a layer dropped at ``place`` of the screen is inserted."""
        y = self._list.mapFromGlobal(place).y()
        return sum(1 for row in rows if y > row.y() + row.height() / 2)

    def show_at(self, place: QPoint, rows: Sequence[QWidget]) -> None:
        """Show the gap at ``place`` of the screen, and scroll to it."""
        gap = self.gap_at(place, rows)
        y = rows[gap].y() - 4 if gap < len(rows) else rows[-1].geometry().bottom() + _HEIGHT
        self.setStyleSheet(f"background: {resolve('accent')}; border: none; border-radius: 1px;")
        self.setGeometry(0, max(y, 0), self._list.width(), _HEIGHT)
        self.show()
        self.raise_()
        if (area := scroll_area_of(self._list)) is not None and (content := area.widget()) is not None:
            spot = content.mapFromGlobal(place)
            area.ensureVisible(spot.x(), spot.y(), 0, _SCROLL_MARGIN)


def scroll_area_of(widget: QWidget) -> QScrollArea | None:
    """The scroll area that a widget is in."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    return parent
