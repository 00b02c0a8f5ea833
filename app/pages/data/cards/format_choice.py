"""The choice of the format of a file, where other packages read formats of their own."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QSizePolicy, QWidget

from app.theme import GAP
from app.widgets import Label, guard_wheel
from mtl_core.spec.data.readers import READER_PLUGINS

_AUTO = "auto"


class FormatChoice(QWidget):
    """A combo box of the formats that other packages read; hidden where there are none.

    ``formatChosen(kind)``: read the file by this reader, None for what its name and content say.
    """

    formatChosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.combo = QComboBox()
        self.combo.setObjectName("file-format")
        self.combo.setAccessibleName("Format of the file")
        self.combo.addItem(_AUTO, None)
        for kind, reader in READER_PLUGINS.items():
            self.combo.addItem(reader.title, kind)
        self.combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        guard_wheel(self.combo)
        self.combo.activated.connect(lambda _: self.formatChosen.emit(self.combo.currentData()))
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(GAP // 2)
        form.addRow(Label("Format"), self.combo)

    def show_dataset(self, dataset: Mapping[str, Any]) -> None:
        """Show the format that is stated for a data set; nothing of one that is no file."""
        self.setVisible(bool(READER_PLUGINS) and dataset.get("kind") == "table")
        self.combo.setCurrentIndex(max(self.combo.findData(dataset.get("format")), 0))
