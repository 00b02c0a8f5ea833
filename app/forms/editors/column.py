"""An editor for the name of a column of the data."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QComboBox, QWidget

from app.forms.editors.choice import ChoiceEditor


class ColumnEditor(ChoiceEditor):
    """Edits the name of a column with a combo box of the columns of the data; a name that is none of them is kept.

    Args:
        parent: Owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__((), (), parent)
        self._columns: tuple[str, ...] = ()
        self._optional = False
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setPlaceholderText("Choose a column")

    def set_columns(self, columns: Sequence[str]) -> None:
        """Set the columns to choose from."""
        self._columns = tuple(columns)
        self._offer(self.value())

    def setValue(self, value: Any) -> None:
        """Show a column; an empty name is offered as *none* from then on, since the setting can be without one."""
        self._optional = self._optional or value == ""
        self._offer(value)

    def _offer(self, value: Any) -> None:
        names = ("",) * self._optional + self._columns
        if value is not None and value not in names:
            names = (*names, value)
        if names != tuple(self._values):
            self.set_choices(names, tuple(name or "None" for name in names))
        super().setValue(value)
        self.setEnabled(bool(names))
