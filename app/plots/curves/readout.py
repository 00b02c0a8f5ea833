"""The readout of curve values at the cursor."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QWidget

from app.formatting import format_number
from app.plots.canvas import Canvas
from app.plots.curve_image import Curve, Line
from app.plots.decimation import Floats
from app.plots.untyped_pyqtgraph import pg
from app.theme import CONTROL_RADIUS, resolve, small_font, theme
from app.widgets import RichLabel
from mtl_core.text import group_digits

_WHOLE = ("step", "examples")
MOST_ROWS = 10
"""Maximum number of curves shown; of more, those nearest to the cursor."""


@dataclass(frozen=True)
class Row:
    """The value of one curve: name, text, color and dash."""

    label: str
    value: str
    color: int | str
    dash: bool
    height: float = 0.0
    """Position on the vertical axis."""
    number: float = math.nan
    """The value before it was rounded to text."""
    key: Hashable = None
    """The curve."""


@dataclass(frozen=True)
class MenuPoint:
    """The place on the curves at which a menu was opened.

    Attributes:
        step: The step there.
        key: The nearest curve there; None where no curve is.
    """

    step: float
    key: Hashable | None


def nearest_curve(
    lines: Mapping[Hashable, Line], curves: Mapping[Hashable, Curve], x: float, height: float, reach: float
) -> Hashable | None:
    """The curve that is nearest above or below a point; None if none is within ``reach`` of ``x``."""
    distances = []
    for key, line in lines.items():
        curve = curves.get(key)
        if curve is None or curve.faint or not line.x.size or not line.x[0] - reach <= x <= line.x[-1] + reach:
            continue
        distance = abs(float(line.y[_nearest(line.x, x)]) - height)
        if math.isfinite(distance):
            distances.append((distance, key))
    return min(distances, key=lambda pair: pair[0], default=(0.0, None))[1]


def rows_at(
    lines: Mapping[Hashable, Line], curves: Mapping[Hashable, Curve], x: float, reach: float
) -> tuple[list[Row], float]:
    """Rows of all curves within ``reach`` of ``x``, and the position of the nearest point."""
    rows: list[Row] = []
    places = [x]
    for key, line in lines.items():
        curve, points = curves.get(key), line.full_x
        if curve is None or curve.faint or not points.size:
            continue
        if points[0] - reach <= x <= points[-1] + reach:
            index = _nearest(points, x)
            places.append(float(points[index]))
            value = float(line.full_y[index])
            height = float(line.y[_nearest(line.x, x)]) if line.x.size else math.nan
            rows.append(Row(curve.label, format_number(value), curve.color, curve.dash, height, value, key))
    return rows, min(places[1:], key=lambda place: abs(place - x), default=x)


def nearest_rows(
    rows: Sequence[Row], height: float, most: int = MOST_ROWS, *, pointed: Hashable | None = None
) -> list[Row]:
    """The rows nearest to the cursor, in their order, and a summary row for the others.

    Args:
        rows: All rows.
        height: Position of the cursor on the vertical axis.
        most: The most rows.
        pointed: The curve under the cursor, which always has its row.
    """
    if len(rows) <= most:
        return list(rows)

    def distance(row: Row) -> tuple[bool, bool, float]:
        return pointed is None or row.key != pointed, math.isnan(row.height), abs(row.height - height)

    by_distance = sorted(rows, key=distance)
    nearest_ids = {id(row) for row in by_distance[:most]}
    summary_row = Row(f"and {len(rows) - most} more", "", "muted", dash=False)
    return [*(row for row in rows if id(row) in nearest_ids), summary_row]


def _nearest(x: Floats, place: float) -> int:
    if x.size == 1:
        return 0
    right = int(np.clip(np.searchsorted(x, place), 1, x.size - 1))
    return right - 1 if place - x[right - 1] <= x[right] - place else right


def format_position(x: float, unit: str) -> str:
    """A position on the horizontal axis with its unit, e.g. ``step 1 200``."""
    return f"{unit} {group_digits(x) if unit in _WHOLE else format_number(x)}"


class Readout:
    """A small panel beside the cursor and a vertical line at its step."""

    def __init__(self, parent: QWidget, canvas: Canvas) -> None:
        self._canvas = canvas
        self._panel = RichLabel(parent)
        self._panel.setObjectName("plotReadout")
        self._panel.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._panel.hide()
        self._hair = pg.InfiniteLine(angle=90)
        self._hair.setVisible(False)
        canvas.add(self._hair)

    @property
    def text(self) -> str:
        """Rich text of the panel; empty while it is hidden."""
        return self._panel.text() if not self._panel.isHidden() else ""

    def restyle(self) -> None:
        """Apply colors and font of the current theme."""
        tokens = theme()
        self._panel.setFont(small_font())
        self._panel.setStyleSheet(
            f"QLabel#plotReadout {{ background: {tokens.surface}; color: {tokens.text};"
            f" border: 1px solid {tokens.border}; border-radius: {CONTROL_RADIUS}px; padding: 4px 6px; }}"
        )
        self._hair.setPen(pg.mkPen(tokens.muted, width=1))

    def show_rows(
        self,
        x: float,
        head: str,
        rows: Sequence[Row],
        cursor: QPointF,
        *,
        note: str = "",
        pointed: Hashable | None = None,
    ) -> None:
        """Show values at ``x`` below a head, and a note below them, beside the cursor and inside the plot.

        Args:
            x: The position in axis coordinates.
            head: The position as text.
            rows: The values.
            cursor: Where the cursor is.
            note: The note.
            pointed: The curve under the cursor, whose name is bold.
        """
        if not rows:
            self.hide()
            return
        self._panel.setText(_table(head, rows, note, pointed))
        self._panel.adjustSize()
        self.show_line(x)
        self._panel.move(*self._corner(cursor))
        self._panel.show()
        self._panel.raise_()

    def show_line(self, x: float | None) -> None:
        """Move the vertical line to ``x``, in axis coordinates; None hides it."""
        if x is not None:
            self._hair.setValue(x)
        self._hair.setVisible(x is not None)

    def hide(self) -> None:
        """Hide the panel."""
        self._panel.hide()
        self._hair.setVisible(False)

    def _corner(self, cursor: QPointF) -> tuple[int, int]:
        width, height = self._panel.width(), self._panel.height()
        x = cursor.x() + 14
        if x + width > self._canvas.width():
            x = max(cursor.x() - 14 - width, 0)
        y = min(max(cursor.y() - height / 2, 2), max(self._canvas.height() - height - 2, 0))
        return round(x), round(y)


def _table(head: str, rows: Sequence[Row], note: str, pointed: Hashable | None) -> str:
    def label(row: Row) -> str:
        text = escape(row.label)
        return f"<b>{text}</b>" if pointed is not None and row.key == pointed else text

    lines = "".join(
        f"<tr><td style='color:{resolve(row.color)}'>{'╌' if row.dash else '─'}</td>"
        f"<td>&nbsp;{label(row)}&nbsp;&nbsp;</td>"
        f"<td align='right'><b>{escape(row.value)}</b></td></tr>"
        for row in rows
    )
    muted = f"<span style='color:{theme().muted}'>"
    below = f"{muted}{escape(note)}</span>" if note else ""
    return f"{muted}{escape(head)}</span><table cellspacing='0'>{lines}</table>{below}"
