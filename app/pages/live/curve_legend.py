"""The legend of the curves of a card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.forms import discard
from app.theme import GAP
from app.widgets import Dot, Muted


class CurveLegend(QWidget):
    """A dot and a name for each curve."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[QWidget] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GAP)
        self._row.addStretch(1)

    def show_entries(self, entries: Sequence[tuple[str, int]]) -> None:
        """Replace the entries."""
        for widget in self._entries:
            discard(widget)
        self._entries = list(_dots(entries))
        for place, widget in enumerate(self._entries):
            self._row.insertWidget(place, widget)
        self.setAccessibleName("Curves of " + ", ".join(name for name, _ in entries))


def _dots(entries: Iterable[tuple[str, int]]) -> Iterator[QWidget]:
    for name, color in entries:
        yield Dot(color)
        yield Muted(name)
