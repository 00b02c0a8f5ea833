"""A form for the ends of the axes of a plot."""

from __future__ import annotations

import math

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from app.plots.curve_image import Limits
from app.theme import CARD_GAP, GAP
from app.widgets import InlineError, Label, LineEdit, Muted

_FIELDS = ("left", "right", "bottom", "top")


class RangeDialog(QDialog):
    """Asks for the first and last value of both axes; an empty field follows the curves.

    Args:
        limits: The ends set so far.
        unit: Unit of the horizontal axis.
        log_x: Whether the horizontal axis is logarithmic, and has positive values only.
        log_y: The same of the vertical one.
        parent: Owner.
    """

    def __init__(self, limits: Limits, unit: str, *, log_x: bool, log_y: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Range of the plot")
        self.setObjectName("plot-range")
        self._log = {"horizontal": log_x, "vertical": log_y}
        self.fields = {name: LineEdit() for name in _FIELDS}
        self._error = InlineError()
        self._error.setObjectName("plot-range-error")
        grid = QGridLayout()
        grid.setSpacing(GAP)
        for row, (axis, start, end) in enumerate(
            (((f"Horizontal ({unit})"), "left", "right"), ("Vertical", "bottom", "top"))
        ):
            for place, widget in enumerate(
                (Label(axis), Muted("from"), self.fields[start], Muted("to"), self.fields[end])
            ):
                grid.addWidget(widget, row, place)
        for name, edit in self.fields.items():
            value = getattr(limits, name)
            edit.setText("" if value is None else f"{value:.10g}")
            edit.setPlaceholderText("automatic")
            edit.setObjectName(f"plot-range-{name}")
            edit.setAccessibleName(f"{name.capitalize()} end of the plot, empty for automatic")
            edit.textChanged.connect(self._check)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(CARD_GAP, CARD_GAP, CARD_GAP, CARD_GAP)
        column.setSpacing(CARD_GAP)
        column.addLayout(grid)
        column.addWidget(self._error)
        column.addWidget(self._buttons)
        self._check()

    def limits(self) -> Limits:
        """The ends as entered."""
        return Limits(*(_read(self.fields[name].text()) for name in _FIELDS))

    def problem(self) -> str:
        """What is wrong with the entries; empty if nothing is."""
        try:
            limits = self.limits()
        except ValueError as error:
            return f"{error}. Enter a number such as 0.5, or nothing for automatic."
        for axis, low, high in (
            ("horizontal", limits.left, limits.right),
            ("vertical", limits.bottom, limits.top),
        ):
            ends = [end for end in (low, high) if end is not None]
            if self._log[axis] and min(ends, default=1.0) <= 0:
                return f"The {axis} axis is logarithmic: its ends must be above zero."
            if low is not None and high is not None and low >= high:
                return f"The {axis} axis must end above {low:g}, where it begins."
        return ""

    def _check(self) -> None:
        problem = self.problem()
        self._error.set_error(problem)
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)


def _read(text: str) -> float | None:
    """A number as typed, with a decimal point or comma; None for nothing."""
    text = text.strip().replace("−", "-")
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"“{text}” is not a number")
    return value
