"""The dialog that asks for another label of some rows."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.formatting import format_quantity
from app.theme import CARD_GAP, GAP
from app.widgets import Button, Label, LineEdit, Muted, NumberField, NumberRange, PrimaryButton, guard_wheel
from mtl_core.protocol.diagnostics import TaskDiagnostics

_NO_LABEL = "No label"
_WIDTH = 44
"""In digits of the font."""


class RelabelDialog(QDialog):
    """Asks for a class, for the labels that apply, or for numbers.

    ``chosen(label, remark)``: the label as a line of the list of reviewed rows has it.

    Args:
        task: The task whose labels change.
        rows: Number of the rows.
        current: The label of the first row, in words.
        parent: The card.
    """

    chosen = Signal(object, str)

    def __init__(self, task: TaskDiagnostics, rows: int, current: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("relabel-dialog")
        self.setWindowTitle(f"Label of {format_quantity(rows, 'row')}")
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * _WIDTH)
        self._form = task.label_form
        self.classes = QComboBox()
        self.classes.setObjectName("relabel-class")
        self.classes.setAccessibleName(f"Label of {task.task}")
        self.labels = QListWidget()
        self.labels.setObjectName("relabel-labels")
        self.labels.setAccessibleName(f"Labels of {task.task}")
        self.numbers: list[NumberField] = []
        self.remark = LineEdit()
        self.remark.setObjectName("relabel-remark")
        self.remark.setAccessibleName("Remark")
        self.accept_button = PrimaryButton("Change label", self._choose, name="relabel-accept")
        self.accept_button.setDefault(True)
        form = QFormLayout()
        form.setVerticalSpacing(GAP)
        self._add_editor(form, task, current)
        form.addRow(Label("Remark"), self.remark)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addStretch(1)
        buttons.addWidget(Button("Cancel", self.reject, name="relabel-cancel"))
        buttons.addWidget(self.accept_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(CARD_GAP, CARD_GAP, CARD_GAP, CARD_GAP)
        column.setSpacing(GAP)
        column.addWidget(
            Muted(f"The data say {current or 'nothing'}{' in the first row' if rows > 1 else ''}.", wrap=True)
        )
        column.addLayout(form)
        column.addLayout(buttons)

    def _add_editor(self, form: QFormLayout, task: TaskDiagnostics, current: str) -> None:
        match self._form:
            case "classes":
                self.classes.addItems([*task.label_names, _NO_LABEL])
                self.classes.setCurrentIndex(max(self.classes.findText(current), 0))
                guard_wheel(self.classes)
                form.addRow(Label(task.task), self.classes)
                self.classes.setFocus()
            case "labels":
                applying = set(current.split(", "))
                for name in task.label_names:
                    item = QListWidgetItem(name, self.labels)
                    state = Qt.CheckState.Checked if name in applying else Qt.CheckState.Unchecked
                    item.setCheckState(state)
                form.addRow(Label(task.task), self.labels)
            case _:
                is_count = task.kind == "count"
                bounds = NumberRange(integer=is_count, low=0 if is_count else None)
                for name, text in zip(task.label_names, current.split(", "), strict=True):
                    field = NumberField(bounds)
                    field.setObjectName(f"relabel-{name}")
                    field.setAccessibleName(name)
                    field.setValue(_number(text, integer=is_count))
                    self.numbers.append(field)
                    form.addRow(Label(name), field)

    def _choose(self) -> None:
        label: object
        match self._form:
            case "classes":
                is_none = self.classes.currentIndex() == self.classes.count() - 1
                label = None if is_none else self.classes.currentText()
            case "labels":
                items = (self.labels.item(row) for row in range(self.labels.count()))
                label = tuple(item.text() for item in items if item.checkState() == Qt.CheckState.Checked)
            case _:
                values = tuple(field.value() for field in self.numbers)
                label = values[0] if len(values) == 1 else values
        self.chosen.emit(label, self.remark.text().strip())
        self.accept()


def _number(text: str, *, integer: bool) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0
    return int(value) if integer else value
