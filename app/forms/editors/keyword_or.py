"""An editor for a keyword or a value of another type."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.forms.editors.choice import ChoiceEditor
from app.forms.editors.number import NumberEditor
from app.forms.editors.number_mapping import NumberMappingEditor
from app.forms.field_shapes import KeywordOr
from app.forms.value_labels import label_of
from app.theme import GAP


class KeywordOrEditor(QWidget):
    """Edits a keyword from a list or a value of another type, whose editor appears with the last entry.

    Args:
        shape: The keywords.
        other: The editor of the other value.
        last: Text of the last entry.
        parent: Owner.
    """

    valueChanged = Signal(object)

    def __init__(
        self,
        shape: KeywordOr,
        other: NumberEditor | NumberMappingEditor,
        last: str = "Number",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._keywords = shape.words
        self.combo = ChoiceEditor((*shape.words, None), (*map(label_of, shape.words), last))
        self.other = other
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.combo)
        row.addWidget(other)
        row.addStretch(1)
        self.setFocusProxy(self.combo)
        self.combo.valueChanged.connect(self._emit_value)
        other.valueChanged.connect(self._emit_value)
        self.setValue(shape.words[0])

    def name_parts(self, name: str) -> None:
        """Set the objectNames of the combo box and the other editor, which begin with ``name``."""
        self.combo.setObjectName(f"{name}.word")
        self.combo.setAccessibleName(self.accessibleName())
        self.other.setObjectName(f"{name}.number")
        self.other.setAccessibleName(f"{self.accessibleName()}, {self.combo.itemText(self.combo.count() - 1).lower()}")

    def value(self) -> Any:
        """The keyword or the other value."""
        keyword = self.combo.value()
        return self.other.value() if keyword is None else keyword

    def setValue(self, value: Any) -> None:
        """Show a keyword or another value."""
        is_keyword = value in self._keywords
        self.combo.setValue(value if is_keyword else None)
        if not is_keyword:
            self.other.setValue(value)
        self.other.setVisible(not is_keyword)

    def _emit_value(self, _value: object) -> None:
        self.other.setVisible(self.combo.value() is None)
        self.valueChanged.emit(self.value())
