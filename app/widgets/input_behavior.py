"""Shared behavior of number fields: mouse selection, wheel handling and the error mark."""

from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QSlider, QWidget

_Spin = TypeVar("_Spin", bound=QAbstractSpinBox)


class NumberLine(QLineEdit):
    """A line edit for numbers: a double click selects the whole number."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._again = QTimer(self, singleShot=True)
        self._again.setInterval(QApplication.doubleClickInterval())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select the whole number."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.selectAll()
            self._again.start()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Leave it selected when a third click follows."""
        if self._again.isActive() and event.button() == Qt.MouseButton.LeftButton:
            self.selectAll()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Leave it selected when the mouse shakes in a double click."""
        if not self._again.isActive():
            super().mouseMoveEvent(event)


class _Fit(QObject):
    """Keeps the text of a styled spin box in place.

    A style sheet that gives a spin box a border makes Qt 6.11 lay its text out one pixel wide.
    """

    def __init__(self, spin: QAbstractSpinBox, edit: QLineEdit) -> None:
        super().__init__(spin)
        self._spin, self._edit = spin, edit
        edit.setTextMargins(6, 0, 6, 0)
        edit.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Put the text back whenever Qt has moved it."""
        if watched is self._edit and event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            rect = self._spin.rect().adjusted(1, 1, -1, -1)
            if self._edit.geometry() != rect:
                self._edit.setGeometry(rect)
        return False


class _WheelGuard(QObject):
    """Hands the wheel to the page unless the field has the focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Swallow the wheel of an unfocused field and let the parent scroll."""
        if event.type() is QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def guard_wheel(widget: QComboBox | QAbstractSpinBox | QSlider) -> None:
    """Keep scrolling a page from changing ``widget`` under the pointer."""
    widget.installEventFilter(_WheelGuard(widget))


def tidy_spin(spin: _Spin) -> _Spin:
    """Make ``spin`` a plain field without arrows (the arrow keys step it), and return it."""
    spin.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    edit = NumberLine(spin)
    spin.setLineEdit(edit)
    _Fit(spin, edit)
    guard_wheel(spin)
    return spin


def mark_invalid(widget: QWidget, invalid: bool) -> None:
    """Draw ``widget`` in the colors of an error, or no longer."""
    if bool(widget.property("invalid")) != invalid:
        widget.setProperty("invalid", invalid)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
