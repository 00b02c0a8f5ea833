"""An editor for an optional value."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from app.forms.editors.flag import FlagEditor
from app.theme import GAP
from app.widgets import Muted


class OptionalEditor(QWidget):
    """Edits an optional value: a check box that enables the editor of the value.

    Args:
        inner: The editor of the value.
        start: Returns the value to show when it is switched on for the first time.
        parent: Owner.
        below: Whether whoever creates it places the inner editor.
    """

    valueChanged = Signal(object)

    def __init__(
        self, inner: Any, start: Callable[[], Any], parent: QWidget | None = None, *, below: bool = False
    ) -> None:
        super().__init__(parent)
        self.box = FlagEditor()
        self.inner = inner
        self._start: Callable[[], Any] | None = start
        self._unit = Muted("")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.box)
        if not below:
            row.addWidget(inner)
        row.addWidget(self._unit)
        if not below:
            row.addStretch(0 if isinstance(inner, QLineEdit) else 1)
        self.setFocusProxy(self.box)
        self.box.valueChanged.connect(self._on_toggled)
        self.inner.valueChanged.connect(lambda _value: self.valueChanged.emit(self.value()))
        self.setValue(None)

    def show_unit(self, unit: str) -> None:
        """Show a unit after the editor while it is enabled."""
        self._unit.setText(unit)
        self._unit.setVisible(bool(unit) and self.box.value())

    def name_parts(self, name: str) -> None:
        """Set the objectNames of the check box and the editor, which begin with ``name``."""
        self.box.setObjectName(f"{name}.on")
        self.box.setAccessibleName(f"{self.accessibleName()}, on or off")
        if not self.inner.objectName():
            self.inner.setObjectName(f"{name}.value")
            self.inner.setAccessibleName(self.accessibleName())

    def value(self) -> Any:
        """The editor's value; None while it is switched off."""
        return self.inner.value() if self.box.value() else None

    def setValue(self, value: Any) -> None:
        """Show ``value``, or switch off if it is None."""
        self.box.setValue(value is not None)
        self._show_inner(value is not None)
        if value is not None:
            self.inner.setValue(value)
            self._start = None

    def _on_toggled(self, on: bool) -> None:
        if on and self._start is not None:
            self.inner.setValue(self._start())
            self._start = None
        self._show_inner(on)
        self.valueChanged.emit(self.value())

    def _show_inner(self, on: bool) -> None:
        self.inner.setVisible(on)
        self._unit.setVisible(on and bool(self._unit.text()))
