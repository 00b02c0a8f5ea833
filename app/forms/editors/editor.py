"""Protocol of the editors of one value."""

from typing import Any, Protocol

from PySide6.QtCore import SignalInstance


class Editor(Protocol):
    """Edits one value; ``valueChanged(value)`` is emitted when the user changes it."""

    valueChanged: SignalInstance

    def value(self) -> Any:
        """The value shown, as JSON data."""

    def setValue(self, value: Any) -> None:
        """Show a value without emitting ``valueChanged``."""
