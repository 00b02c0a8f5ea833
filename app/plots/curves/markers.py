"""Vertical event markers; their texts appear in the readout at the cursor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.plots.canvas import Canvas
from app.plots.decimation import XAxis
from app.plots.untyped_pyqtgraph import Item, pg
from app.theme import theme


class Markers:
    """The markers of one canvas, without labels, which would cover the curves."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._markers: tuple[tuple[float, str], ...] = ()
        self._places: tuple[float, ...] = ()
        self._lines: list[Item] = []

    def set(self, markers: Sequence[tuple[float, str]]) -> bool:
        """Replace the markers; True when they differ from those before."""
        markers = tuple(sorted(markers))
        if markers == self._markers:
            return False
        self._markers, self._places = markers, ()
        return True

    def draw(self, axis: XAxis, *, log_x: bool = False) -> None:
        """Move the lines to the positions of their steps; a logarithmic axis has none at or below zero."""
        self._match(len(self._markers))
        places = axis.place(np.array([step for step, _ in self._markers], dtype=np.float64))
        if log_x:
            places = np.log10(np.maximum(places, 1e-300))
        self._places = tuple(float(place) for place in places)
        for line, place in zip(self._lines, self._places, strict=True):
            line.setValue(place)

    def text_at(self, x: float, reach: float) -> str:
        """Text of the marker nearest to a position on the horizontal axis; empty beyond ``reach``."""
        texts = (text for _, text in self._markers)
        near = [(abs(place - x), text) for place, text in zip(self._places, texts, strict=False)]
        distance, text = min(near, default=(reach + 1, ""))
        return text if distance <= reach else ""

    def restyle(self) -> None:
        """Take the colors of the theme in use."""
        for line in self._lines:
            _set_pen(line)

    def _match(self, count: int) -> None:
        while len(self._lines) > count:
            self._canvas.remove(self._lines.pop())
        while len(self._lines) < count:
            line = pg.InfiniteLine(angle=90)
            _set_pen(line)
            self._lines.append(line)
            self._canvas.add(line)


def _set_pen(line: Item) -> None:
    pen = pg.mkPen(theme().muted, width=1)
    pen.setDashPattern([2, 3])
    line.setPen(pen)
