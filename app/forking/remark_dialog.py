"""The dialog of a note on a step."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.theme import GAP
from app.widgets import Button, LineEdit, Muted, PrimaryButton
from mtl_core.text import group_digits

MOST_CHARACTERS = 500


class RemarkDialog(QDialog):
    """Asks for the text of a note; gone when it is closed.

    Args:
        run: The run.
        step: The step.
        text: The text so far.
        save: Called with the new text.
        parent: Owner.
    """

    def __init__(
        self, run: int, step: int, text: str, save: Callable[[str], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("remark-dialog")
        self.setWindowTitle("Note on a step")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._save = save
        self.field = LineEdit(text)
        self.field.setObjectName("remark-text")
        self.field.setAccessibleName("Text of the note")
        self.field.setMaxLength(MOST_CHARACTERS)
        self.field.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * 50)
        self.save_button = PrimaryButton("Save", self.accept, name="remark-save")
        self.save_button.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(Button("Cancel", self.reject, name="remark-cancel"))
        buttons.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        column.setSpacing(GAP)
        column.addWidget(
            Muted(f"Run {run}, step {group_digits(step)}. It is drawn on the curves and stands in the log.")
        )
        column.addWidget(self.field)
        column.addLayout(buttons)
        self.field.textChanged.connect(self._check)
        self._check()

    def accept(self) -> None:
        """Save the text, and close."""
        self._save(self.field.text().strip())
        super().accept()

    def _check(self) -> None:
        self.save_button.setEnabled(bool(self.field.text().strip()))
