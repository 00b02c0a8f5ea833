"""Vertical lines with a text: something happened at this step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtGui import QFontMetrics

from app.plots.arrays import XAxis
from app.plots.canvas import Canvas
from app.plots.graph import Item, pg
from app.theme import small_font, theme


class Markers:
    """The markers of one canvas; of those too close to each other only the last keeps its text."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._wanted: tuple[tuple[float, str], ...] = ()
        self._lines: list[Item] = []
        self._texts: list[Item] = []

    def set(self, markers: Sequence[tuple[float, str]]) -> bool:
        """Replaces the markers; True when they differ from those before."""
        wanted = tuple(sorted(markers))
        if wanted == self._wanted:
            return False
        self._wanted = wanted
        return True

    def draw(self, axis: XAxis) -> None:
        """Puts lines and texts where the steps stand now."""
        self._match(len(self._wanted))
        places = axis.place(np.array([step for step, _ in self._wanted], dtype=np.float64))
        (left, right), (_, top) = self._canvas.box.viewRange()
        unit = (right - left) / max(self._canvas.box.width(), 1.0)
        metrics = QFontMetrics(small_font())
        for index, (_, text) in enumerate(self._wanted):
            width = (metrics.horizontalAdvance(text) + 14) * unit
            room = places[index + 1] - places[index] if index + 1 < len(places) else np.inf
            self._put(
                index,
                float(places[index]),
                text if room >= width else "",
                top,
                fits=places[index] + width <= right,
            )

    def restyle(self) -> None:
        """Takes the colours of the theme in use."""
        for line, text in zip(self._lines, self._texts, strict=True):
            _dress(line, text)

    def _put(self, index: int, place: float, text: str, top: float, *, fits: bool) -> None:
        self._lines[index].setValue(place)
        item = self._texts[index]
        item.setAnchor((0, 0) if fits else (1, 0))
        item.setText(text)
        item.setPos(place, top)

    def _match(self, count: int) -> None:
        while len(self._lines) > count:
            self._canvas.remove(self._lines.pop())
            self._canvas.remove(self._texts.pop())
        while len(self._lines) < count:
            line, text = pg.InfiniteLine(angle=90), pg.TextItem()
            _dress(line, text)
            self._lines.append(line)
            self._texts.append(text)
            text.setZValue(10)
            self._canvas.add(line)
            self._canvas.add(text)


def _dress(line: Item, text: Item) -> None:
    ink = pg.mkPen(theme().muted, width=1)
    ink.setDashPattern([2, 3])
    line.setPen(ink)
    text.setColor(theme().muted)
    text.setFont(small_font())
