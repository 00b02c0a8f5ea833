"""The settings of one layer: its help, a form and buttons."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.forms.discard import discard
from app.forms.form import LABEL_CHARACTERS, SpecForm
from app.theme import GAP
from app.widgets import Muted, ToolButton
from mtl_core.spec import Spec

_ACTIONS = (
    ("up", "arrow-up", "Move up (Alt+Up)"),
    ("down", "arrow-down", "Move down (Alt+Down)"),
    ("duplicate", "copy", "Duplicate (Ctrl+D)"),
    ("save", "floppy-disk", "Save for other experiments"),
    ("remove", "trash", "Remove (Delete)"),
)
_NESTED_LABEL_CHARACTERS = 10


class LayerSettings(QWidget):
    """Edits the settings of a layer below its line.

    ``edited(path, value, label)``: the user changed a setting. ``actionRequested(str)``: ``up``, ``down``,
    ``duplicate``, ``save`` or ``remove``.

    Args:
        nested: Whether the layer is in a block, where there is less room.
        parent: Owner.
    """

    edited = Signal(str, object, str)
    actionRequested = Signal(str)

    def __init__(self, *, nested: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label_characters = _NESTED_LABEL_CHARACTERS if nested else LABEL_CHARACTERS
        self.form: SpecForm | None = None
        self._inner_stops: Callable[[], list[QWidget]] = list
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(*((4, 6, 0, 8) if nested else (10, 6, 4, 8)))
        self._column.setSpacing(GAP)
        self._hint = Muted(wrap=True)
        self._column.addWidget(self._hint)
        self._buttons = [_button(name, glyph, tip) for name, glyph, tip in _ACTIONS]
        self._column.addLayout(self._button_row())

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
            self.form = SpecForm(spec, path, label_characters=self._label_characters)
            self.form.edited.connect(self.edited)
            self._column.insertWidget(1, self.form)
            self.form.setVisible(not self.form.empty)
        self.form.setValue(layer)

    def set_hint(self, text: str) -> None:
        """Show a text above the form."""
        self._hint.setText(text)

    def add_inner(self, panel: QWidget, stops: Callable[[], list[QWidget]]) -> None:
        """Show the list of the layer's own layers above the buttons.

        Args:
            panel: The list.
            stops: Returns the widgets in it that Tab visits.
        """
        self._inner_stops = stops
        self._column.insertWidget(self._column.count() - 1, panel)

    def tab_stops(self) -> list[QWidget]:
        """The widgets that Tab may visit, in their order."""
        fields = self.form.findChildren(QWidget) if self.form is not None else []
        return [*fields, *self._inner_stops(), *self._buttons]

    def _button_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addStretch(1)
        for button, (name, _, _) in zip(self._buttons, _ACTIONS, strict=True):
            button.clicked.connect(lambda _checked=False, action=name: self.actionRequested.emit(action))
            row.addWidget(button)
        return row


def _button(name: str, glyph: str, tip: str) -> ToolButton:
    return ToolButton(glyph, tip, name=f"layer-{name}")
