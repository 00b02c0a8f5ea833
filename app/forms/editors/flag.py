"""An editor for a boolean."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from app.forms.value_labels import label_of


class FlagEditor(QCheckBox):
    """Edits a boolean with a switch or check box."""

    valueChanged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.toggled.connect(self._on_toggled)
        self._update_text(False)

    def value(self) -> bool:
        """Whether it is on."""
        return self.isChecked()

    def setValue(self, value: Any) -> None:
        """Show on or off."""
        blocked = self.blockSignals(True)
        self.setChecked(bool(value))
        self.blockSignals(blocked)
        self._update_text(bool(value))

    def _on_toggled(self, on: bool) -> None:
        self._update_text(on)
        self.valueChanged.emit(on)

    def _update_text(self, on: bool) -> None:
        self.setText(label_of(on))
