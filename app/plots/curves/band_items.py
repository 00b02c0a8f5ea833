"""Shaded bands of a plot, such as a mean with its standard deviation to both sides."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QColor

from app.plots.canvas import Canvas
from app.plots.decimation import Floats
from app.plots.untyped_pyqtgraph import Item, pg
from app.theme import resolve

_ALPHA = 0.16


@dataclass(frozen=True, eq=False)
class _Band:
    x: Floats
    low: Floats
    high: Floats
    color: int | str


class BandItems:
    """An item per band, behind the curves."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._bands: dict[Hashable, _Band] = {}
        self._items: dict[Hashable, Item] = {}

    def keys(self) -> list[Hashable]:
        """The bands, in the order they were added."""
        return list(self._bands)

    def set(self, key: Hashable, x: Floats, low: Floats, high: Floats, color: int | str) -> None:
        """Add or replace a band; see :meth:`draw`.

        Args:
            key: Name of the band.
            x: ``[N]`` places on the horizontal axis.
            low: ``[N]`` its lower edge.
            high: ``[N]`` its upper edge.
            color: A hue by number, a theme token or ``#RRGGBB``.
        """
        self._bands[key] = _Band(x, low, high, color)

    def remove(self, key: Hashable) -> None:
        """Remove a band; an unknown key is ignored."""
        self._bands.pop(key, None)
        if key in self._items:
            self._canvas.remove(self._items.pop(key))

    def draw(self, *, log_x: bool, log_y: bool, visible: bool = True) -> None:
        """Draw all bands in the colors of the current theme; on a logarithmic axis only what is above zero."""
        for key, band in self._bands.items():
            if key not in self._items:
                self._items[key] = pg.PlotCurveItem(pen=pg.mkPen(None), fillLevel="enclosed")
                self._items[key].setZValue(-1)
                self._canvas.add(self._items[key])
            x, low, high = band.x, band.low, band.high
            above = ((x > 0) | (not log_x)) & ((low > 0) | (not log_y))
            x, low, high = x[above], low[above], high[above]
            x = np.log10(x) if log_x else x
            low, high = (np.log10(low), np.log10(high)) if log_y else (low, high)
            ink = QColor(resolve(band.color))
            ink.setAlphaF(_ALPHA)
            self._items[key].setVisible(visible)
            self._items[key].setBrush(pg.mkBrush(ink))
            self._items[key].setData(np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]]))
