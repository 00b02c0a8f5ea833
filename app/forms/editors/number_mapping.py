"""An editor for a mapping of names to numbers."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.widgets import TextField


class NumberMappingEditor(TextField):
    """Edits a mapping of names to numbers as ``a=2, b=0.5``; invalid text is left to validation."""

    valueChanged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(separators="=, ", parent=parent)
        self.setPlaceholderText("name=2, other=0.5")
        self.textEdited.connect(lambda _text: self.valueChanged.emit(self.value()))

    def value(self) -> dict[str, float] | str:
        """The mapping; the text if it is none."""
        numbers = {}
        for part in filter(str.strip, self.text().split(",")):
            name, _, number = part.rpartition("=")
            try:
                numbers[name.strip()] = float(number)
            except ValueError:
                return self.text()
        return self.text() if "" in numbers else numbers

    def setValue(self, value: Any) -> None:
        """Show a mapping."""
        if value != self.value():
            self.setText(", ".join(f"{name}={_format_exactly(number)}" for name, number in dict(value or {}).items()))


def _format_exactly(number: float) -> str:
    """Format a number with all digits, so that the same number is read back."""
    return f"{number:g}" if float(f"{number:g}") == number else repr(number)
