"""Editors of single values: each has ``value()``, ``setValue()`` (silent) and ``valueChanged``."""

import csv
import io
from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QWidget

from app.forms.editors.number import NumberEditor
from app.forms.field_shapes import WordOr
from app.forms.value_labels import label_of
from app.theme import GAP
from app.widgets import Muted, TextField, guard_wheel


class Editor(Protocol):
    """Protocol of all editors."""

    valueChanged: SignalInstance

    def value(self) -> Any:
        """The value shown, JSON-able."""

    def setValue(self, value: Any) -> None:
        """Show a value without announcing it."""


class FlagEditor(QCheckBox):
    """Edits a boolean with a switch or check box."""

    valueChanged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.toggled.connect(self._toggled)
        self._toggled_text(False)

    def value(self) -> bool:
        """Whether it is on."""
        return self.isChecked()

    def setValue(self, value: Any) -> None:
        """Show on or off."""
        blocked = self.blockSignals(True)
        self.setChecked(bool(value))
        self.blockSignals(blocked)
        self._toggled_text(bool(value))

    def _toggled(self, on: bool) -> None:
        self._toggled_text(on)
        self.valueChanged.emit(on)

    def _toggled_text(self, on: bool) -> None:
        self.setText(label_of(on))


class ChoiceEditor(QComboBox):
    """Edits one of several values with a combo box; an unknown value is shown as it is.

    Args:
        values: What can be chosen.
        labels: Their words; made from the values when not given.
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
        self.activated.connect(self._index_changed)
        self._last_announced = self.value()

    def set_choices(self, values: tuple[Any, ...], labels: tuple[str, ...] = ()) -> None:
        """Offer other values; the one shown stays when it is among them."""
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
        """The value chosen."""
        index = self.currentIndex()
        return self._values[index] if 0 <= index < len(self._values) else None

    def setValue(self, value: Any) -> None:
        """Show ``value``."""
        if value is not None and value not in self._values:
            self._values.append(value)
            self.addItem(label_of(value))
        self.setCurrentIndex(self._values.index(value) if value in self._values else -1)
        self._last_announced = value

    def _index_changed(self, index: int) -> None:
        value = self._values[index]
        if value != self._last_announced:
            self._last_announced = value
            self.valueChanged.emit(value)


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
        """Show ``value``; the cursor stays where it is when it is the same."""
        if value != self.text():
            self.setText("" if value is None else str(value))


class TextListEditor(TextField):
    """Edits a list of strings separated by commas; a string with a comma is quoted.

    Args:
        single: Whether one alone is a text instead of a list.
        parent: Owner.
    """

    valueChanged = Signal(object)

    def __init__(self, *, single: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(separators=", ", parent=parent)
        self._single = single
        self.textEdited.connect(lambda _text: self.valueChanged.emit(self.value()))

    def value(self) -> Any:
        """The texts."""
        row = next(csv.reader([self.text()], skipinitialspace=True), [])
        texts = [text.strip() for text in row if text.strip()]
        return texts[0] if self._single and len(texts) == 1 else texts

    def setValue(self, value: Any) -> None:
        """Show the texts."""
        texts = [value] if isinstance(value, str) else list(value or ())
        if value != self.value():
            line = io.StringIO()
            csv.writer(line, lineterminator="").writerow(texts)
            self.setText(line.getvalue().replace(",", ", ") if not any("," in t for t in texts) else line.getvalue())


class NumbersEditor(TextField):
    """Edits a mapping of names to numbers as ``a=2, b=0.5``; invalid text is left to validation."""

    valueChanged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(separators="=, ", parent=parent)
        self.setPlaceholderText("name=2, other=0.5")
        self.textEdited.connect(lambda _text: self.valueChanged.emit(self.value()))

    def value(self) -> dict[str, float] | str:
        """The numbers, or the text."""
        numbers = {}
        for part in filter(str.strip, self.text().split(",")):
            name, _, number = part.rpartition("=")
            try:
                numbers[name.strip()] = float(number)
            except ValueError:
                return self.text()
        return self.text() if "" in numbers else numbers

    def setValue(self, value: Any) -> None:
        """Show the numbers."""
        if value != self.value():
            self.setText(", ".join(f"{name}={_exact(number)}" for name, number in dict(value or {}).items()))


def _exact(number: float) -> str:
    """A number with all its digits: what is shown is what is read back."""
    return f"{number:g}" if float(f"{number:g}") == number else repr(number)


class WordOrEditor(QWidget):
    """Edits a keyword from a list or a value of another type, whose editor appears with the last entry.

    Args:
        shape: The words.
        other: The editor of the other value.
        last: What the last entry is called.
        parent: Owner.
    """

    valueChanged = Signal(object)

    def __init__(
        self, shape: WordOr, other: NumberEditor | NumbersEditor, last: str = "Number", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._words = shape.words
        self.combo = ChoiceEditor((*shape.words, None), (*map(label_of, shape.words), last))
        self.other = other
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.combo)
        row.addWidget(other)
        row.addStretch(1)
        self.setFocusProxy(self.combo)
        self.combo.valueChanged.connect(self._announce)
        other.valueChanged.connect(self._announce)
        self.setValue(shape.words[0])

    def name_parts(self, name: str) -> None:
        """Name the combo and the number below ``name``."""
        self.combo.setObjectName(f"{name}.word")
        self.combo.setAccessibleName(self.accessibleName())
        self.other.setObjectName(f"{name}.number")
        self.other.setAccessibleName(f"{self.accessibleName()}, {self.combo.itemText(self.combo.count() - 1).lower()}")

    def value(self) -> Any:
        """The word or the other value."""
        word = self.combo.value()
        return self.other.value() if word is None else word

    def setValue(self, value: Any) -> None:
        """Show a word or another value."""
        is_word = value in self._words
        self.combo.setValue(value if is_word else None)
        if not is_word:
            self.other.setValue(value)
        self.other.setVisible(not is_word)

    def _announce(self, _value: object) -> None:
        self.other.setVisible(self.combo.value() is None)
        self.valueChanged.emit(self.value())


class MaybeEditor(QWidget):
    """Edits an optional value: a check box that enables the editor of the value.

    Args:
        inner: The editor.
        start: What it shows when it is switched on for the first time.
        parent: Owner.
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
        self.box.valueChanged.connect(self._switched)
        self.inner.valueChanged.connect(lambda _value: self.valueChanged.emit(self.value()))
        self.setValue(None)

    def show_unit(self, unit: str) -> None:
        """Muted words after the editor, while it is there."""
        self._unit.setText(unit)
        self._unit.setVisible(bool(unit) and self.box.value())

    def name_parts(self, name: str) -> None:
        """Name the box and the editor below ``name``."""
        self.box.setObjectName(f"{name}.on")
        self.box.setAccessibleName(f"{self.accessibleName()}, on or off")
        if not self.inner.objectName():
            self.inner.setObjectName(f"{name}.value")
            self.inner.setAccessibleName(self.accessibleName())

    def value(self) -> Any:
        """Nothing, or the editor's value."""
        return self.inner.value() if self.box.value() else None

    def setValue(self, value: Any) -> None:
        """Switch off or show ``value``."""
        self.box.setValue(value is not None)
        self._show_inner(value is not None)
        if value is not None:
            self.inner.setValue(value)
            self._start = None

    def _switched(self, on: bool) -> None:
        if on and self._start is not None:
            self.inner.setValue(self._start())
            self._start = None
        self._show_inner(on)
        self.valueChanged.emit(self.value())

    def _show_inner(self, on: bool) -> None:
        self.inner.setVisible(on)
        self._unit.setVisible(on and bool(self._unit.text()))
