"""The fields of a form for one row: numbers with a slider, categories, dates, texts and files."""

from __future__ import annotations

import math
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QPixmap
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.theme import GAP
from app.widgets import Button, ColorSlider, Elided, Label, LineEdit, NumberField, ToolButton, guard_wheel
from app.widgets.number_range import NumberRange
from mtl_core.protocol.predictions import Cell, InputField

if TYPE_CHECKING:
    from app.jobs import StoreService

_SLIDER_STEPS = 1000
_NO_VALUE = "(no value)"
_TEXT_LINES, _PREVIEW_SIDE = 4, 96
_NAME_DIGITS, _NUMBER_DIGITS = 18, 11
_DATE_HINT = "2024-05-31"


class FieldEditor(QWidget):
    """The name of an input column and what edits its value; ``changed()``: a person changed it.

    Args:
        field: The column.
    """

    changed = Signal()

    def __init__(self, field: InputField) -> None:
        super().__init__()
        self.field = field
        self.setObjectName(f"predict-field-{field.column}")
        self.label = Elided(field.column)
        self.label.setFixedWidth(self.fontMetrics().horizontalAdvance("0") * _NAME_DIGITS)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(GAP)
        self.row.addWidget(self.label)

    @property
    @abstractmethod
    def value(self) -> Cell:
        """The value; None for none."""

    @abstractmethod
    def show_value(self, value: Cell) -> None:
        """Show a value, without a signal."""


class NumberEditor(FieldEditor):
    """A slider over the range of most training rows, a number field without bounds, and a button for no value."""

    def __init__(self, field: InputField) -> None:
        super().__init__(field)
        low, high = field.low, field.high
        self._low, self._high = (low, high) if low is not None and high is not None and low < high else (0.0, 0.0)
        self.slider = ColorSlider("accent", marks_one=False)
        self.slider.setAccessibleName(field.column)
        self.number = NumberField(NumberRange(integer=False))
        self.number.setObjectName(f"predict-number-{field.column}")
        self.number.setAccessibleName(field.column)
        self.number.setFixedWidth(self.fontMetrics().horizontalAdvance("0") * _NUMBER_DIGITS + 2 * GAP)
        self.without = ToolButton("prohibit", "No value", checkable=True)
        self.row.addWidget(self.slider, 1)
        self.row.addWidget(self.number)
        self.row.addWidget(self.without)
        self.slider.setEnabled(self._low < self._high)
        self.slider.valueChanged.connect(self._on_slider)
        self.number.valueChanged.connect(self._on_number)
        self.without.toggled.connect(self._on_without)

    @property
    def value(self) -> Cell:
        """The number."""
        return None if self.without.isChecked() else float(self.number.value())

    def show_value(self, value: Cell) -> None:
        """Show a number, or that there is none."""
        with QSignalBlocker(self.without):
            self.without.setChecked(value is None)
        if isinstance(value, float | int):
            self.number.setValue(float(value))
            self._move_slider(float(value))
        self._show_enabled()

    def _on_slider(self, position: int) -> None:
        number = self._low + (self._high - self._low) * position / _SLIDER_STEPS
        step = (self._high - self._low) / _SLIDER_STEPS
        decimals = 0 if self.field.whole else max(0, math.ceil(-math.log10(step)))
        self.number.setValue(round(number, decimals))
        self.changed.emit()

    def _on_number(self, number: float) -> None:
        self._move_slider(float(number))
        self.changed.emit()

    def _move_slider(self, number: float) -> None:
        if self._low < self._high:
            share = (number - self._low) / (self._high - self._low)
            with QSignalBlocker(self.slider):
                self.slider.setValue(round(_SLIDER_STEPS * min(max(share, 0.0), 1.0)))

    def _on_without(self, _checked: bool) -> None:
        self._show_enabled()
        self.changed.emit()

    def _show_enabled(self) -> None:
        has_value = not self.without.isChecked()
        self.number.setEnabled(has_value)
        self.slider.setEnabled(has_value and self._low < self._high)


class CategoryEditor(FieldEditor):
    """A list of the categories of the training rows, and no value."""

    def __init__(self, field: InputField) -> None:
        super().__init__(field)
        self.choice = QComboBox()
        self.choice.setObjectName(f"predict-category-{field.column}")
        self.choice.setAccessibleName(field.column)
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.addItem(_NO_VALUE)
        self.choice.addItems(field.categories)
        guard_wheel(self.choice)
        self.row.addWidget(self.choice, 1)
        self.choice.activated.connect(lambda _index: self.changed.emit())

    @property
    def value(self) -> Cell:
        """The category."""
        return self.choice.currentText() if self.choice.currentIndex() > 0 else None

    def show_value(self, value: Cell) -> None:
        """Show a category, which a row may have and no list."""
        if value is None:
            self.choice.setCurrentIndex(0)
            return
        if self.choice.findText(str(value), Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchCaseSensitive) < 1:
            self.choice.addItem(str(value))
        self.choice.setCurrentIndex(
            self.choice.findText(str(value), Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchCaseSensitive)
        )


class LineEditor(FieldEditor):
    """A date or time as text."""

    def __init__(self, field: InputField) -> None:
        super().__init__(field)
        self.line = LineEdit()
        self.line.setObjectName(f"predict-line-{field.column}")
        self.line.setAccessibleName(field.column)
        self.line.setPlaceholderText(_DATE_HINT)
        self.row.addWidget(self.line, 1)
        self.line.textEdited.connect(lambda _text: self.changed.emit())

    @property
    def value(self) -> Cell:
        """The text."""
        return self.line.text().strip() or None

    def show_value(self, value: Cell) -> None:
        """Show a date."""
        self.line.setText("" if value is None else str(value))


class TextEditor(FieldEditor):
    """A text of several lines."""

    def __init__(self, field: InputField) -> None:
        super().__init__(field)
        self.text = QPlainTextEdit()
        self.text.setObjectName(f"predict-text-{field.column}")
        self.text.setAccessibleName(field.column)
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(_TEXT_LINES * self.fontMetrics().lineSpacing() + 2 * GAP)
        self.row.addWidget(self.text, 1)
        self.row.setAlignment(self.label, Qt.AlignmentFlag.AlignTop)
        self.text.textChanged.connect(self.changed)

    @property
    def value(self) -> Cell:
        """The text."""
        return self.text.toPlainText() or None

    def show_value(self, value: Cell) -> None:
        """Show a text."""
        with QSignalBlocker(self.text):
            self.text.setPlainText("" if value is None else str(value))


class FileEditor(FieldEditor):
    """The name of a file with a button that asks for one; a picture is shown.

    Args:
        field: The column.
        service: Reads pictures on its thread.
    """

    def __init__(self, field: InputField, service: StoreService) -> None:
        super().__init__(field)
        self._service = service
        self.line = LineEdit()
        self.line.setObjectName(f"predict-path-{field.column}")
        self.line.setAccessibleName(field.column)
        self.button = Button("Choose…", self._ask, name=f"predict-choose-{field.column}")
        self.preview = Label()
        self.preview.setAccessibleName(f"Preview of {field.column}")
        line = QHBoxLayout()
        line.setSpacing(GAP)
        line.addWidget(self.line, 1)
        line.addWidget(self.button)
        column = QVBoxLayout()
        column.addLayout(line)
        column.addWidget(self.preview)
        self.row.addLayout(column, 1)
        self.row.setAlignment(self.label, Qt.AlignmentFlag.AlignTop)
        self.preview.hide()
        self.line.textEdited.connect(lambda _text: self._on_edited())

    @property
    def value(self) -> Cell:
        """The path of the file."""
        return self.line.text().strip() or None

    def show_value(self, value: Cell) -> None:
        """Show a file."""
        self.line.setText("" if value is None else str(value))
        self._show_preview()

    def _ask(self) -> None:
        folder = str(Path(self.line.text()).parent) if self.line.text() else ""
        if path := QFileDialog.getOpenFileName(self, f"Choose {self.field.column}", folder)[0]:
            self.line.setText(path)
            self._on_edited()

    def _on_edited(self) -> None:
        self._show_preview()
        self.changed.emit()

    def _show_preview(self) -> None:
        path = self.line.text().strip()
        if self.field.kind == "image":
            self._service.call(lambda _store: _read_picture(path), self._on_picture, self._on_no_picture, lane="report")

    def _on_picture(self, read: tuple[str, QImage]) -> None:
        path, picture = read
        if path == self.line.text().strip():
            self.preview.setVisible(not picture.isNull())
            self.preview.setPixmap(QPixmap.fromImage(picture))

    def _on_no_picture(self, _error: Exception) -> None:
        self.preview.hide()


def _read_picture(path: str) -> tuple[str, QImage]:
    """A picture file, scaled down; null where it cannot be read."""
    reader = QImageReader(path)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid():
        reader.setScaledSize(size.scaled(QSize(_PREVIEW_SIDE, _PREVIEW_SIDE), Qt.AspectRatioMode.KeepAspectRatio))
    return path, reader.read() if path else QImage()


def make_editor(field: InputField, service: StoreService) -> FieldEditor:
    """The editor of a field."""
    match field.kind:
        case "number":
            return NumberEditor(field)
        case "category":
            return CategoryEditor(field)
        case "date":
            return LineEditor(field)
        case "text":
            return TextEditor(field)
    return FileEditor(field, service)
