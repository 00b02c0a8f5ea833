"""Spin boxes for numbers that are independent of the locale, exact and bounded."""

import math
from typing import Any

from PySide6.QtCore import QRegularExpression, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QRegularExpressionValidator
from PySide6.QtWidgets import QAbstractSpinBox, QWidget

from app.widgets.input_behavior import mark_invalid, set_up_spin_box
from app.widgets.number_range import NumberRange, number_text, read_number

_CHARACTERS = QRegularExpression(r"[-+−—0-9.,eE\s]*[ %]*", QRegularExpression.PatternOption.UseUnicodePropertiesOption)
_MARGINS = 28
"""Pixels between the number and both ends of its field."""


class NumberField(QAbstractSpinBox):
    """A spin box that shows 0.001 and 1e-05 as such; the wheel steps only while it has the focus.

    ``valueChanged`` is emitted while a number within the bounds is typed, or only on Return and focus loss where
    ``keyboardTracking`` is off; never by ``setValue``. An invalid number is replaced by the previous one, and
    ``refused`` emitted with the reason, or an empty text on the next edit. Escape restores the previous number too.

    Args:
        bounds: The numbers that can be typed.
        parent: Owner.
    """

    valueChanged = Signal(object)
    refused = Signal(str)

    def __init__(self, bounds: NumberRange, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shape = bounds
        self._value: Any = 0 if bounds.integer else 0.0
        self._previous: Any = self._value
        self._suffix, self._step = "", 0.0
        self._refusal = ""
        set_up_spin_box(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setValue(bounds.nearest(0.0))
        edit = self.lineEdit()
        edit.setValidator(QRegularExpressionValidator(_CHARACTERS, edit))
        edit.textEdited.connect(self._text_edited)
        self.editingFinished.connect(self._commit)

    def value(self) -> Any:
        """The number, an ``int`` where the range is one of integers."""
        return self._value

    def setValue(self, value: Any) -> None:
        """Show ``value``, within the bounds or not, without a signal; the text stays when the number is the same."""
        number = _as_number(value)
        if number is None:
            self._value = value
            self.lineEdit().setText(str(value))
        elif number != self._value or not self.lineEdit().text():
            self._value = int(number) if self.shape.integer and number == int(number) else number
            self._show()
        else:
            return
        self._previous = self._value
        self._refuse("")

    def textFromValue(self, value: Any) -> str:
        """The text of a number."""
        return number_text(value)

    def setSuffix(self, suffix: str) -> None:
        """Show ``suffix`` after the number."""
        self._suffix = suffix
        self.updateGeometry()
        self._show()

    def setSingleStep(self, step: float) -> None:
        """Set the step of the arrow keys."""
        self._step = step

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """The directions in which the next number is within the bounds."""
        flag = QAbstractSpinBox.StepEnabledFlag
        up = flag.StepUpEnabled if self._can_step(1) else flag.StepNone
        down = flag.StepDownEnabled if self._can_step(-1) else flag.StepNone
        return up | down

    def stepBy(self, steps: int) -> None:
        """Step to the next round numbers."""
        number = _as_number(self._value)
        number = self.shape.nearest(0.0) if number is None else number
        for _ in range(abs(steps)):
            number = self.shape.nearest(self.shape.step(number, 1 if steps > 0 else -1, self._step))
        self._set_number(number)
        self._previous = self._value
        self._show()
        self._refuse("")
        self.selectAll()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select the number when the focus came by keyboard."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Restore the previous number on Escape."""
        if event.key() == Qt.Key.Key_Escape and self.lineEdit().text() != self._text(self._previous):
            self._set_number(self._previous)
            self._show()
            self._refuse("")
            self.selectAll()
        else:
            super().keyPressEvent(event)

    def _text_edited(self, text: str) -> None:
        text = text.removesuffix(self._suffix)
        number = read_number(text, integer=self.shape.integer)
        is_valid = number is not None and self.shape.contains(number)
        is_invalid = not is_valid and not self.shape.is_partial(text)
        if self.keyboardTracking() and (is_valid or is_invalid):
            self._set_number(number if is_valid else self._previous)
        self._refuse(self.shape.refusal(text) if is_invalid else "")

    def _commit(self) -> None:
        text = self.lineEdit().text()
        if text == self._text(self._value):
            self._previous = self._value
            return
        text = text.removesuffix(self._suffix)
        refusal = self.shape.refusal(text)
        if refusal:
            self._set_number(self._previous)
            refusal = f"{refusal} {self._text(self._previous)} stays."
        else:
            self._set_number(read_number(text, integer=self.shape.integer))
            self._previous = self._value
        self._show()
        self._refuse(refusal)
        if self.hasFocus():
            self.selectAll()

    def _set_number(self, number: Any) -> None:
        if number != self._value:
            self._value = number
            self.valueChanged.emit(number)

    def _refuse(self, refusal: str) -> None:
        if refusal != self._refusal:
            self._refusal = refusal
            mark_invalid(self, bool(refusal))
            self.refused.emit(refusal)

    def _show(self) -> None:
        self.lineEdit().setText(self._text(self._value))

    def _text(self, value: Any) -> str:
        return f"{self.textFromValue(value)}{self._suffix}"

    def _can_step(self, direction: int) -> bool:
        number = _as_number(self._value)
        return self.shape.contains(self.shape.step(number or 0.0, direction, self._step))


class SpinBox(NumberField):
    """A spin box for integers; ``setValue`` emits ``valueChanged`` as QSpinBox does."""

    _INTEGER = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(NumberRange(self._INTEGER, 0, 99), parent)

    def setRange(self, low: float, high: float) -> None:
        """Set the bounds."""
        self.updateGeometry()
        self.shape = NumberRange(self._INTEGER, low, high)
        self.setValue(self.shape.nearest(self.value()))

    def sizeHint(self) -> QSize:
        """The width of the longer of both bounds."""
        texts = [self._text(bound) for bound in (self.shape.low, self.shape.high) if bound is not None]
        width = max(self.fontMetrics().horizontalAdvance(text) for text in texts)
        return QSize(width + _MARGINS, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """The same as the size hint: a number is never cut off."""
        return self.sizeHint()

    def setValue(self, value: Any) -> None:
        """Show ``value`` and emit ``valueChanged`` if it differs."""
        before = self._value
        super().setValue(value)
        if self._value != before:
            self.valueChanged.emit(self._value)


class DoubleSpinBox(SpinBox):
    """A spin box for numbers with a fixed number of decimals."""

    _INTEGER = False

    def __init__(self, parent: QWidget | None = None) -> None:
        self._decimals = 2
        super().__init__(parent)

    def setDecimals(self, decimals: int) -> None:
        """Set the number of decimals."""
        self._decimals = decimals
        self._show()

    def textFromValue(self, value: Any) -> str:
        """The number with its decimals."""
        return f"{value:.{self._decimals}f}"


def _as_number(value: Any) -> float | None:
    ok = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if ok else None
