"""The settings of one layer: its help, a form and buttons."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.forms.discard import discard
from app.forms.form import SpecForm
from app.theme import GAP
from app.widgets import Muted, ToolButton
from mtl_core.spec import Spec

_ACTIONS = (
    ("up", "arrow-up", "Move up (Alt+Up)"),
    ("down", "arrow-down", "Move down (Alt+Down)"),
    ("duplicate", "copy", "Duplicate (Ctrl+D)"),
    ("remove", "trash", "Remove (Delete)"),
)


class LayerSettings(QWidget):
    """Edits the settings of a layer below its line.

    ``edited(path, value, label)``: the user changed a setting. ``actionRequested(str)``: ``up``, ``down``,
    ``duplicate`` or ``remove``.
    """

    edited = Signal(str, object, str)
    actionRequested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form: SpecForm | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(10, 6, 4, 8)
        self._column.setSpacing(GAP)
        self._hint = Muted(wrap=True)
        self._column.addWidget(self._hint)
        self._column.addLayout(self._buttons())

    def show_layer(self, spec: type[Spec], layer: dict[str, Any], path: str) -> None:
        """Show a layer.

        Args:
            spec: The spec class of its kind.
            layer: Its data.
            path: Its path in the document.
        """
        if self.form is not None and (self.form.spec is not spec or self.form.path != path):
            discard(self.form)
            self.form = None
        if self.form is None:
            self.form = SpecForm(spec, path)
            self.form.edited.connect(self.edited)
            self._column.insertWidget(1, self.form)
            self.form.setVisible(not self.form.empty)
        self.form.setValue(layer)

    def set_hint(self, text: str) -> None:
        """Show a text above the form."""
        self._hint.setText(text)

    def tab_stops(self) -> list[QWidget]:
        """The widgets that Tab may visit, in their order."""
        fields = self.form.findChildren(QWidget) if self.form is not None else []
        return [*fields, *(button for button in self.findChildren(ToolButton) if button not in fields)]

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addStretch(1)
        for name, glyph, tip in _ACTIONS:
            button = ToolButton(glyph, tip, name=f"layer-{name}")
            button.clicked.connect(lambda _checked=False, action=name: self.actionRequested.emit(action))
            row.addWidget(button)
        return row
