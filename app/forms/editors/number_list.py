"""An editor for a list of numbers."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.widgets import TextField


class NumberListEditor(TextField):
    """Edits numbers separated by commas or spaces; other words stay in the value, so that validation reports them.

    Args:
        integer: Whether they are whole numbers.
        parent: Owner.
    """

    valueChanged = Signal(object)

    def __init__(self, *, integer: bool, parent: QWidget | None = None) -> None:
        super().__init__(separators=", ", parent=parent)
        self._number = int if integer else float
        self.textEdited.connect(lambda _text: self.valueChanged.emit(self.value()))

    def value(self) -> Any:
        """The numbers."""
        return [self._read(word) for word in self.text().replace(",", " ").split()]

    def setValue(self, value: Any) -> None:
        """Show the numbers."""
        if list(value or ()) != self.value():
            self.setText(", ".join(map(str, value or ())))

    def _read(self, word: str) -> Any:
        try:
            return self._number(word)
        except ValueError:
            return word
