"""The order, columns and height of the plots of a page, kept in the settings of the window."""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from app.plots.curves.plot_options import SettingsStore

HEIGHTS = {0: "Automatic", 260: "Medium", 400: "Large"}
"""Least heights of a card in pixels, and their names."""
MOST_COLUMNS = 4


class PlotLayout(QObject):
    """How a person has arranged the plots of a page.

    Args:
        page: Name of the page.
        settings: Where it is kept.
        parent: Owner.
    """

    changed = Signal()

    def __init__(self, page: str, settings: SettingsStore, parent: QObject) -> None:
        super().__init__(parent)
        self._settings, self._key = settings, f"page/{page}/layout"
        self.order: list[str] = []
        self.columns, self.height = 0, 0
        self._read(settings.get(self._key))

    def _read(self, text: str) -> None:
        """Take what was kept; anything else than was written leaves the layout as it is."""
        try:
            kept = json.loads(text or "{}")
            order, columns, height = kept.get("order", []), kept.get("columns", 0), kept.get("height", 0)
        except (ValueError, AttributeError):
            return
        self.order = [name for name in order if isinstance(name, str)] if isinstance(order, list) else []
        self.columns = columns if columns in range(MOST_COLUMNS + 1) else 0
        self.height = height if height in HEIGHTS else 0

    def sorted(self, names: Sequence[str]) -> list[str]:
        """Names in the order of the person; those it does not have follow as they are."""
        places = {name: place for place, name in enumerate(self.order)}
        return sorted(names, key=lambda name: places.get(name, len(places)))

    def move(self, name: str, names: Sequence[str], by: int) -> None:
        """Move a plot among those that are shown.

        Args:
            name: The plot.
            names: All that are shown, in any order.
            by: 1 moves it one place to the end, -1 to the beginning.
        """
        shown = self.sorted(names)
        place = shown.index(name)
        other = min(max(place + by, 0), len(shown) - 1)
        shown.insert(other, shown.pop(place))
        self._put(order=[*shown, *(kept for kept in self.order if kept not in shown)])

    def set_columns(self, columns: int) -> None:
        """Set the number of columns; 0 follows the width."""
        self._put(columns=columns)

    def set_height(self, height: int) -> None:
        """Set the least height of a card, one of :data:`HEIGHTS`."""
        self._put(height=height)

    def reset(self) -> None:
        """Follow the page again."""
        self._put(order=[], columns=0, height=0)

    def _put(self, *, order: list[str] | None = None, columns: int | None = None, height: int | None = None) -> None:
        self.order = self.order if order is None else order
        self.columns = self.columns if columns is None else columns
        self.height = self.height if height is None else height
        kept = {"order": self.order, "columns": self.columns, "height": self.height}
        self._settings.put(self._key, json.dumps(kept))
        self.changed.emit()
