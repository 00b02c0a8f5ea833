"""A popup that asks for the name under which layers are saved."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.theme import GAP
from app.widgets import Button, InlineError, Muted
from mtl_core.errors import WorkbenchError
from mtl_core.spec.io.saved_blocks import LONGEST_NAME

_WIDTH = 34
"""Width in digits of the font."""


class BlockName(QFrame):
    """A popup with a field for a name; Return or the button saves, Escape closes.

    Args:
        save: Saves under a name; what it raises is shown below the field.
        parent: Owner.
    """

    def __init__(self, save: Callable[[str], None], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._save = save
        self.setObjectName("block-name-popup")
        self.setProperty("role", "card")
        self.setAccessibleName("Save layers for other experiments")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.name = QLineEdit()
        self.name.setObjectName("block-name")
        self.name.setAccessibleName("Name of the block")
        self.name.setPlaceholderText("Name of the block")
        self.name.setMaxLength(LONGEST_NAME)
        self.button = Button("Save", self._on_save, name="save-block")
        self.error = InlineError()
        self.name.returnPressed.connect(self._on_save)
        row = QHBoxLayout()
        row.addWidget(self.name, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addWidget(Muted("The menu of layers will offer it in every experiment.", wrap=True))
        column.addLayout(row)
        column.addWidget(self.error)

    def popup(self, place: QPoint, suggestion: str) -> None:
        """Open at a place of the screen, with a name to be changed."""
        self.setFixedWidth(self.fontMetrics().horizontalAdvance("0") * _WIDTH)
        self.name.setText(suggestion)
        self.name.selectAll()
        self.move(place)
        self.show()
        self.name.setFocus()

    def _on_save(self) -> None:
        try:
            self._save(self.name.text())
        except WorkbenchError as error:
            self.error.set_error(str(error))
            self.adjustSize()
        else:
            self.close()
