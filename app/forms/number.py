"""A field for a number, exact and within bounds, stepping by a constant or by a factor."""

import math
from typing import Any

from PySide6.QtCore import QRegularExpression, Qt, Signal
from PySide6.QtGui import QFocusEvent, QRegularExpressionValidator
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QWidget

from app.forms.shapes import Number
from app.widgets import tidy_spin

_PARTIAL = QRegularExpression(r"[-+0-9.eE]*")
_SERIES = (1.0, 2.0, 5.0)


class NumberEditor(QAbstractSpinBox):
    """Shows 0.001 and 1e-05 as such; the arrow keys step, the wheel does so only with the focus.

    ``valueChanged`` is emitted as a person types what is in bounds or steps, never by ``setValue``.
    """

    valueChanged = Signal(object)

    def __init__(self, shape: Number, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shape = shape
        self._value: float = 0 if shape.integer else 0.0
        tidy_spin(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(self.fontMetrics().horizontalAdvance("0") * 12 + 14)
        self.setValue(self._clamped(0.0))
        edit = self.findChild(QLineEdit)
        assert isinstance(edit, QLineEdit)  # every spin box has one
        edit.setValidator(QRegularExpressionValidator(_PARTIAL, edit))
        edit.textEdited.connect(self._typed)
        self.editingFinished.connect(self._tidy)

    def value(self) -> Any:
        """The number, an ``int`` where the field asks for one."""
        return self._value

    def setValue(self, value: Any) -> None:
        """Show ``value``, in bounds or not, without announcing it; the same number leaves the text alone."""
        number = _as_number(value)
        if number is None:
            self._value = value
            self.lineEdit().setText(str(value))
        elif number != self._value or not self.lineEdit().text():
            self._value = int(number) if self.shape.integer and number == int(number) else number
            self.lineEdit().setText(number_text(self._value))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Both ways until a bound is reached."""
        flag = QAbstractSpinBox.StepEnabledFlag
        number = _as_number(self._value)
        number = 0.0 if number is None else number
        up = flag.StepUpEnabled if self._fits(self._stepped(number, 1)) else flag.StepNone
        down = flag.StepDownEnabled if self._fits(self._stepped(number, -1)) else flag.StepNone
        return up | down

    def stepBy(self, steps: int) -> None:
        """Go to the next round numbers."""
        number = _as_number(self._value)
        wanted = self._clamped(0.0) if number is None else number
        for _ in range(abs(steps)):
            wanted = self._clamped(self._stepped(wanted, 1 if steps > 0 else -1))
        self._announce(wanted)
        self.selectAll()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select the number when the keyboard comes here."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def _typed(self, text: str) -> None:
        number = self._parsed(text)
        if number is not None and number != self._value:
            self._value = number
            self.valueChanged.emit(number)

    def _tidy(self) -> None:
        self.lineEdit().setText(number_text(self._value))

    def _announce(self, number: float) -> None:
        if number != self._value:
            self.setValue(number)
            self.valueChanged.emit(self._value)

    def _parsed(self, text: str) -> float | None:
        try:
            number: float = int(text) if self.shape.integer else float(text)
        except ValueError:
            return None
        return number if self._fits(number) else None

    def _fits(self, number: float) -> bool:
        low, high = self.shape.low, self.shape.high
        above = low is None or number > low or (number == low and not self.shape.low_open)
        below = high is None or number < high or (number == high and not self.shape.high_open)
        return math.isfinite(number) and above and below

    def _clamped(self, number: float) -> float:
        if self._fits(number):
            return number
        low, high = self.shape.low, self.shape.high
        if low is not None and number <= low:
            number = low if not self.shape.low_open else (1 if self.shape.integer else self._inside(low, 1))
        elif high is not None:
            number = high if not self.shape.high_open else self._inside(high, -1)
        return int(number) if self.shape.integer else number

    def _inside(self, bound: float, direction: int) -> float:
        return float(f"{bound + direction * (1e-6 if self.shape.log else 0.01):.6g}")

    def _stepped(self, number: float, direction: int) -> float:
        if self.shape.log:
            return _doubled(number, direction) if self.shape.integer else _next_round(number, direction)
        if self.shape.integer:
            return int(number) + direction
        span = (self.shape.high or 0) - (self.shape.low or 0)
        step = 0.05 if 0 < span <= 1 else 0.1
        return float(f"{number + direction * step:.10g}")


def number_text(value: Any) -> str:
    """A number as typed: 20, 0.001, 1e-05."""
    if isinstance(value, float) and value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _as_number(value: Any) -> float | None:
    ok = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if ok else None


def _doubled(number: float, direction: int) -> float:
    """The next power of two."""
    if number < 1:
        return 1 if direction > 0 else 0
    power = math.floor(math.log2(number)) + 1 if direction > 0 else math.ceil(math.log2(number)) - 1
    return 2**power if power >= 0 else 0


def _next_round(number: float, direction: int) -> float:
    """The next of …, 0.001, 0.002, 0.005, 0.01, …; below 1e-6 there is only 0."""
    if number <= 0:
        return 1e-6 if direction > 0 else number
    power = math.floor(math.log10(number))
    candidates = [s * 10.0**p for p in (power - 1, power, power + 1) for s in _SERIES]
    if direction > 0:
        return float(f"{min(c for c in candidates if c > number * 1.0001):.6g}")
    below = float(f"{max(c for c in candidates if c < number * 0.9999):.6g}")
    return below if below >= 1e-12 else 0.0
