"""Shared behavior of input widgets: mouse selection, wheel handling and the mark of an error."""

from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QSlider, QWidget

_Spin = TypeVar("_Spin", bound=QAbstractSpinBox)


class NumberLine(QLineEdit):
    """A line edit for numbers: a double click selects the whole number."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._double_click_timer = QTimer(self, singleShot=True)
        self._double_click_timer.setInterval(QApplication.doubleClickInterval())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select the whole number."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.selectAll()
            self._double_click_timer.start()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Keep the selection when a third click follows."""
        if self._double_click_timer.isActive() and event.button() == Qt.MouseButton.LeftButton:
            self.selectAll()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Keep the selection when the mouse moves during a double click."""
        if not self._double_click_timer.isActive():
            super().mouseMoveEvent(event)


class _TextGeometryFix(QObject):
    """Keeps the geometry of the line edit of a styled spin box.

    With a border from a style sheet, Qt 6.11 lays out the line edit one pixel wide.
    """

    def __init__(self, spin: QAbstractSpinBox, edit: QLineEdit) -> None:
        super().__init__(spin)
        self._spin, self._edit = spin, edit
        edit.setTextMargins(6, 0, 6, 0)
        edit.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Restore the geometry whenever Qt has changed it."""
        if watched is self._edit and event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            rect = self._spin.rect().adjusted(1, 1, -1, -1)
            if self._edit.geometry() != rect:
                self._edit.setGeometry(rect)
        return False


class _WheelGuard(QObject):
    """Passes wheel events to the page unless the widget has the focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ignore the wheel of a widget without focus, so that its parent scrolls."""
        if event.type() is QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def guard_wheel(widget: QComboBox | QAbstractSpinBox | QSlider) -> None:
    """Keep the wheel from changing ``widget`` while a page is scrolled over it."""
    if widget.focusPolicy() == Qt.FocusPolicy.WheelFocus:
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # or the wheel would first give it the focus
    widget.installEventFilter(_WheelGuard(widget))


def set_up_spin_box(spin: _Spin) -> _Spin:
    """Remove the arrow buttons of ``spin`` and set up its line edit; return ``spin``."""
    spin.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    edit = NumberLine(spin)
    spin.setLineEdit(edit)
    _TextGeometryFix(spin, edit)
    guard_wheel(spin)
    return spin


def mark_invalid(widget: QWidget, invalid: bool) -> None:
    """Set whether ``widget`` is drawn in the colors of an error."""
    if bool(widget.property("invalid")) != invalid:
        widget.setProperty("invalid", invalid)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
