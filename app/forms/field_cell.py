"""The cell of a form that holds an editor with its unit, error text and accessible name."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.forms.field_shapes import FieldShape
from app.theme import GAP, icon
from app.widgets import InlineError, Muted, NumberField, ToolButton, mark_invalid, plain_tooltip
from mtl_core.spec import Problem


class FieldCell(QWidget):
    """An editor with its unit beside it and its error text below.

    Args:
        editor: The editor.
        unit: The unit, shown after it.
    """

    def __init__(self, editor: QWidget, unit: str = "") -> None:
        super().__init__()
        self._editor = editor
        self.error: InlineError | None = None
        row = QHBoxLayout()
        row.setSpacing(GAP)
        wide = isinstance(editor, QLineEdit) or not isinstance(editor, QComboBox | QToolButton)
        grows = wide and editor.sizePolicy().horizontalPolicy() is not QSizePolicy.Policy.Fixed
        fixed = editor.minimumWidth() == editor.maximumWidth()
        row.addWidget(editor, 1 if grows and not fixed else 0)
        if unit:
            row.addWidget(Muted(unit))
        if fixed or not grows:
            row.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addLayout(row)
        self._problem, self._refusal = "", ""
        for field in (editor, getattr(editor, "other", None), getattr(editor, "inner", None)):
            if isinstance(field, NumberField):
                field.refused.connect(self._show_refusal)

    def show_problem(self, problem: Problem | None) -> None:
        """Show a problem below the editor and mark the editor as invalid; None removes both."""
        text = ""
        if problem is not None:
            value_text = f" (found {problem.found})" if problem.found else ""
            text = " ".join(f"{problem.rule[:1].upper()}{problem.rule[1:]}{value_text}. {problem.fix}".split())
        self._problem = text
        self._update_error()

    def _show_refusal(self, refusal: str) -> None:
        """Show why the number field does not accept what was typed."""
        self._refusal = refusal
        self._update_error()

    def _update_error(self) -> None:
        text = self._refusal or self._problem
        if text == (self.error.label.text() if self.error is not None else ""):
            return
        if self.error is None:  # created when needed, as most fields never have an error
            self.error = InlineError()
            self._column.addWidget(self.error)
        self.error.set_error(text)
        mark_invalid(self._editor, bool(text))


def name_editor(editor: QWidget, path: str, shape: FieldShape) -> None:
    """Set the objectName, accessible name and tooltip of an editor."""
    if not editor.objectName().startswith("form:"):
        editor.setObjectName(path)
    editor.setAccessibleName(shape.title)
    editor.setAccessibleDescription(shape.help)
    editor.setToolTip(plain_tooltip(shape.help))
    parts: Any = getattr(editor, "name_parts", None)
    if parts is not None:
        parts(path)


class FoldButton(ToolButton):
    """A button that expands and collapses the advanced fields.

    Args:
        name: objectName.
        unfold: Called with whether the fields are to be shown.
    """

    def __init__(self, name: str, unfold: Callable[[bool], None]) -> None:
        super().__init__("caret-right", "More settings", text="More", checkable=True, name=name)
        self.setProperty("role", "flat")
        self.toggled.connect(unfold)
        self.toggled.connect(self._on_toggled)

    def _on_toggled(self, on: bool) -> None:
        self.setIcon(icon("caret-down" if on else "caret-right"))
        self.setText("Less" if on else "More")
