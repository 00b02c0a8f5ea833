"""The dialog of the limits of memory and disk for decoded pictures and sounds."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.forms import SpecForm
from app.theme import GAP
from app.widgets import Button, Muted, PrimaryButton
from mtl_core.media.limits import Limits

_TEXT = (
    "Decoded pictures and sounds that take more memory than this stay on disk while a model trains, with the same "
    "results. When the cache on disk is full, what was not used for longest is removed, and decoded anew when a run "
    "needs it."
)


class LimitsDialog(QDialog):
    """Edits the limits of this machine; closes and is gone by a button or Escape.

    Args:
        limits: The present ones.
        save: Called with the new ones when they are saved.
        parent: The window.
    """

    def __init__(
        self, limits: Mapping[str, float], save: Callable[[dict[str, float]], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("limits-dialog")
        self.setWindowTitle("Limits of memory and disk")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._save = save
        text = Muted(_TEXT, wrap=True)
        text.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * 60)
        self.form = SpecForm(Limits, "limits")
        self.form.setValue(dict(limits))
        self.save_button = PrimaryButton("Save", self.accept, name="limits-save")
        self.save_button.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(Button("Cancel", self.reject, name="limits-cancel"))
        buttons.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        column.setSpacing(2 * GAP)
        column.addWidget(text)
        column.addWidget(self.form)
        column.addLayout(buttons)

    def accept(self) -> None:
        """Save what is in the fields, and close."""
        self._save(self.form.value())
        super().accept()
