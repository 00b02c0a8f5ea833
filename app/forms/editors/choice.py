"""An editor for one of several values."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from app.forms.value_labels import label_of
from app.widgets import guard_wheel


class ChoiceEditor(QComboBox):
    """Edits one of several values with a combo box; an unknown value is shown as it is.

    Args:
        values: The values to choose from.
        labels: Their texts; derived from the values by default.
        parent: Owner.
    """

    valueChanged = Signal(object)

    def __init__(self, values: tuple[Any, ...], labels: tuple[str, ...] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: list[Any] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setMinimumContentsLength(6)
        guard_wheel(self)
        self.set_choices(values, labels)
        self.activated.connect(self._on_activated)
        self._last_emitted = self.value()

    def set_choices(self, values: tuple[Any, ...], labels: tuple[str, ...] = ()) -> None:
        """Replace the values to choose from; the current one stays if it is among them."""
        labels = labels or tuple(label_of(value) for value in values)
        current = self.value()
        if list(values) == self._values and [self.itemText(i) for i in range(self.count())] == list(labels):
            return
        self._values = list(values)
        self.clear()
        self.addItems(list(labels))
        self.setEnabled(len(values) > 1)
        self.setValue(current if current is not None else values[0] if values else None)

    def value(self) -> Any:
        """The current value."""
        index = self.currentIndex()
        return self._values[index] if 0 <= index < len(self._values) else None

    def setValue(self, value: Any) -> None:
        """Show ``value``."""
        if value is not None and value not in self._values:
            self._values.append(value)
            self.addItem(label_of(value))
        self.setCurrentIndex(self._values.index(value) if value in self._values else -1)
        self._last_emitted = value

    def _on_activated(self, index: int) -> None:
        value = self._values[index]
        if value != self._last_emitted:
            self._last_emitted = value
            self.valueChanged.emit(value)
