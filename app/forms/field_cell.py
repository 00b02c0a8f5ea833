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
        editor: Left.
        unit: Muted words after it.
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
                field.refused.connect(self._refuse)

    def show_problem(self, problem: Problem | None) -> None:
        """Show what is wrong in words, with the border of the editor in the error color."""
        text = ""
        if problem is not None:
            value_text = f" (found {problem.found})" if problem.found else ""
            text = " ".join(f"{problem.rule[:1].upper()}{problem.rule[1:]}{value_text}. {problem.fix}".split())
        self._problem = text
        self._show()

    def _refuse(self, refusal: str) -> None:
        """Say why what was typed is not taken."""
        self._refusal = refusal
        self._show()

    def _show(self) -> None:
        text = self._refusal or self._problem
        if text == (self.error.label.text() if self.error is not None else ""):
            return
        if self.error is None:  # most fields never have one
            self.error = InlineError()
            self._column.addWidget(self.error)
        self.error.set_error(text)
        mark_invalid(self._editor, bool(text))


def name_editor(editor: QWidget, path: str, shape: FieldShape) -> None:
    """Name an editor for scripts and screen readers, and give it its help."""
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
        unfold: Called with whether it is shown.
    """

    def __init__(self, name: str, unfold: Callable[[bool], None]) -> None:
        super().__init__("caret-right", "More settings", text="More", checkable=True, name=name)
        self.setProperty("role", "flat")
        self.toggled.connect(unfold)
        self.toggled.connect(self._turned)

    def _turned(self, on: bool) -> None:
        self.setIcon(icon("caret-down" if on else "caret-right"))
        self.setText("Less" if on else "More")
