"""A matrix of counts: confusion of classes, or errors in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from app.plots.heat_map import MatrixPlot, cell_color
from mtl_core.text import group_digits

_MOST_NAME_WIDTH, _MOST_CELL_WIDTH = 110, 240
"""Pixels of the names and of a column, at most: wider cells are hard to compare."""
Tooltip = Callable[[int, int], str]


class CountMatrix(MatrixPlot):
    """A cell per pair of names with its count or its share, colored by the share.

    The diagonal has one color and the other cells another, so that errors stand out.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: tuple[tuple[int, ...], ...] = ()
        self._shows_shares = False
        self._tooltip: Tooltip = lambda _row, _column: ""

    def set_counts(
        self,
        names: Sequence[str],
        counts: Sequence[Sequence[int]],
        shares: Sequence[Sequence[float]],
        tooltip: Tooltip,
        *,
        show_shares: bool,
    ) -> None:
        """Replace all cells.

        Args:
            names: [K] names of rows and columns.
            counts: [K, K] counts.
            shares: [K, K] from 0 to 1, which the colors show; NaN is drawn as unknown.
            tooltip: From row and column to the text of a tooltip.
            show_shares: Whether the text of a cell is its share.
        """
        self.setMaximumWidth(_MOST_NAME_WIDTH + _MOST_CELL_WIDTH * max(len(names), 1))
        self._counts, self._shows_shares, self._tooltip = tuple(map(tuple, counts)), show_shares, tooltip
        self.set_values(names, shares)
        self.setAccessibleDescription(
            "; ".join(
                f"{name}: {', '.join(self.text_at(row, column) for column in range(len(names)))}"
                for row, name in enumerate(names)
            )
        )

    def text_at(self, row: int, column: int) -> str:
        """Text of a cell."""
        share = self._values[row][column]
        if not self._shows_shares:
            return group_digits(self._counts[row][column])
        return "–" if math.isnan(share) else f"{share:.2f}"

    def tooltip_at(self, row: int, column: int) -> str:
        """Tooltip of a cell."""
        return self._tooltip(row, column)

    def background_at(self, row: int, column: int) -> QColor | None:
        """Background of a cell; None for one without a value."""
        share = self._values[row][column]
        return None if math.isnan(share) else cell_color(share if row == column else -share)


class DifferenceMatrix(MatrixPlot):
    """A cell per pair of names with the difference of a share on a diverging scale, as strong as the largest one.

    More on the diagonal, and less beside it, has the color of agreement: fewer errors.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._largest = 1.0
        self._tooltip: Tooltip = lambda _row, _column: ""

    def set_differences(self, names: Sequence[str], values: Sequence[Sequence[float]], tooltip: Tooltip) -> None:
        """Replace all cells.

        Args:
            names: [K] names of rows and columns.
            values: [K, K] from -1 to 1; NaN is drawn as unknown.
            tooltip: From row and column to the text of a tooltip.
        """
        self.setMaximumWidth(_MOST_NAME_WIDTH + _MOST_CELL_WIDTH * max(len(names), 1))
        self._tooltip = tooltip
        self._largest = max((abs(value) for row in values for value in row if not math.isnan(value)), default=0) or 1.0
        self.set_values(names, values)
        self.setAccessibleDescription(
            "; ".join(
                f"{name}: {', '.join(self.text_at(row, column) for column in range(len(names)))}"
                for row, name in enumerate(names)
            )
        )

    def text_at(self, row: int, column: int) -> str:
        """Text of a cell."""
        value = self._values[row][column]
        return "–" if math.isnan(value) else f"{value:+.2f}".replace("-", "−")

    def tooltip_at(self, row: int, column: int) -> str:
        """Tooltip of a cell."""
        return self._tooltip(row, column)

    def background_at(self, row: int, column: int) -> QColor | None:
        """Background of a cell; None for one without a value."""
        value = self._values[row][column] / self._largest
        return None if math.isnan(value) else cell_color(value if row == column else -value)
