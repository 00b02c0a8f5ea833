"""An editor for a string."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.widgets import TextField


class TextEditor(TextField):
    """Edits a string in a line edit."""

    valueChanged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.textEdited.connect(self.valueChanged.emit)

    def value(self) -> Any:
        """The text."""
        return self.text()

    def setValue(self, value: Any) -> None:
        """Show ``value``; an equal text is not set again, so that the cursor stays."""
        if value != self.text():
            self.setText("" if value is None else str(value))
