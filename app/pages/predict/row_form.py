"""The form of one row: a field for each input column, some at first where there are many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.forms import discard
from app.pages.predict.fields import FieldEditor, make_editor
from app.theme import GAP
from app.widgets import LinkButton
from mtl_core.protocol.predictions import Cell, PredictionForm

if TYPE_CHECKING:
    from app.jobs import StoreService

_FIELDS_AT_ONCE = 30
"""Fields that are added at once, since making hundreds would hold up the window."""


class RowForm(QWidget):
    """Edits the values of one row; ``changed()``: a person changed one.

    Columns whose fields are not shown yet keep their values.

    Args:
        service: Reads pictures on its thread.
    """

    changed = Signal()

    def __init__(self, service: StoreService) -> None:
        super().__init__()
        self._service = service
        self._form = PredictionForm(fields=())
        self._values: dict[str, Cell] = {}
        self.editors: dict[str, FieldEditor] = {}
        self.more = LinkButton("", self._add_fields, name="predict-more-fields")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, GAP, 0)
        self._column.setSpacing(GAP)
        self._column.addWidget(self.more)
        self._column.addStretch(1)
        self.more.hide()

    @property
    def values(self) -> dict[str, Cell]:
        """The value of each column."""
        return dict(self._values)

    def show_form(self, form: PredictionForm, values: dict[str, Cell]) -> None:
        """Show the fields of other models."""
        for editor in self.editors.values():
            discard(editor)
        self.editors.clear()
        self._form, self._values = form, dict(values)
        self._add_fields()

    def show_values(self, values: dict[str, Cell]) -> None:
        """Show other values, without a signal."""
        self._values = dict(values)
        for name, editor in self.editors.items():
            editor.show_value(values[name])

    def _add_fields(self) -> None:
        first = len(self.editors)
        for field in self._form.fields[first : first + _FIELDS_AT_ONCE]:
            editor = make_editor(field, self._service)
            editor.show_value(self._values[field.column])
            editor.changed.connect(lambda editor=editor: self._on_changed(editor))
            self.editors[field.column] = editor
            self._column.insertWidget(len(self.editors) - 1, editor)
        left = len(self._form.fields) - len(self.editors)
        self.more.setText(f"Show {min(left, _FIELDS_AT_ONCE)} more of {len(self._form.fields)} columns")
        self.more.setVisible(left > 0)

    def _on_changed(self, editor: FieldEditor) -> None:
        self._values[editor.field.column] = editor.value
        self.changed.emit()
