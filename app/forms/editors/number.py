"""An editor for a number."""

from PySide6.QtWidgets import QWidget

from app.forms.field_shapes import Number
from app.widgets import NumberField, number_text

__all__ = ["NumberEditor", "number_text"]


class NumberEditor(NumberField):
    """Edits a number; all have the same width, so that they align in a form."""

    def __init__(self, shape: Number, parent: QWidget | None = None) -> None:
        super().__init__(shape, parent)
        self.setFixedWidth(self.fontMetrics().horizontalAdvance("0") * 12 + 14)
