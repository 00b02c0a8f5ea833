"""An editor for the path of a folder."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from app.forms.editors.plain_text import TextEditor
from app.theme import GAP
from app.widgets import ToolButton


class FolderEditor(QWidget):
    """Edits a folder path with a text field and a button that opens a file dialog."""

    valueChanged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = TextEditor()
        self.line.valueChanged.connect(self.valueChanged)
        self.choose = ToolButton("folder-open", "Choose the folder…", self.open_dialog)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.line, 1)
        row.addWidget(self.choose)
        self.setFocusProxy(self.line)

    def name_parts(self, name: str) -> None:
        """Set the objectNames of the text field and the button, which begin with ``name``."""
        self.line.setObjectName(f"{name}.line")
        self.line.setAccessibleName(self.accessibleName())
        self.choose.setObjectName(f"{name}.choose")

    def value(self) -> Any:
        """The path."""
        return self.line.value()

    def setValue(self, value: Any) -> None:
        """Show a path."""
        self.line.setValue(value)

    def open_dialog(self) -> None:
        """Open a dialog that begins in the current folder."""
        current = Path(str(self.value()))
        folder = QFileDialog.getExistingDirectory(
            self, "Choose a folder", str(current) if current.is_absolute() else ""
        )
        if folder:
            self.setValue(folder)
            self.valueChanged.emit(folder)
