"""The form for the file of a plot: format, and size in print."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from app.plots.curves.plot_options import SettingsStore
from app.plots.tools.plot_file import FORMATS, FileFormat, PrintSize
from app.theme import CARD_GAP
from app.widgets import Label, Muted, NumberField, NumberRange

_KEY = "plots/export"
_FIELDS = {
    "width": ("Width", "mm", 20, 1000),
    "height": ("Height", "mm", 20, 1000),
    "dpi": ("Resolution", "dpi", 50, 1200),
}
_HELP: dict[FileFormat, str] = {
    "PNG": "A picture of points, as on paper of this size.",
    "SVG": "Lines and texts that stay sharp in any size; the fonts stay fonts.",
    "CSV": "Every point of every curve: step, position, value, and the value when smoothed.",
}


class ExportDialog(QDialog):
    """Asks for the format and the size, which it remembers.

    Args:
        settings: Where they are kept.
        parent: Owner.
    """

    def __init__(self, settings: SettingsStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setWindowTitle("Export the plot")
        self.setObjectName("plot-export")
        self.format = QComboBox()
        self.format.setObjectName("plot-export-format")
        self.format.setAccessibleName("Format of the file")
        self.format.addItems(FORMATS)
        self.format.setCurrentText(settings.get(f"{_KEY}/format", FORMATS[0]))
        self._form, self.fields = QFormLayout(), dict[str, NumberField]()
        self._form.addRow("Format", self.format)
        default = PrintSize()
        for name, (title, unit, low, high) in _FIELDS.items():
            edit = NumberField(NumberRange(integer=True, low=low, high=high))
            edit.setObjectName(f"plot-export-{name}")
            edit.setAccessibleName(f"{title} in {unit}")
            kept = settings.get(f"{_KEY}/{name}")
            edit.setValue(int(kept) if kept.isdecimal() and low <= int(kept) <= high else getattr(default, name))
            self.fields[name] = edit
            self._form.addRow(Label(f"{title} ({unit})"), edit)
        self._help = Muted(wrap=True)
        self._help.setMinimumWidth(320)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(CARD_GAP, CARD_GAP, CARD_GAP, CARD_GAP)
        column.setSpacing(CARD_GAP)
        column.addLayout(self._form)
        column.addWidget(self._help)
        column.addWidget(buttons)
        self.format.currentTextChanged.connect(self._show)
        self._show()

    @property
    def kind(self) -> FileFormat:
        """The format."""
        return FORMATS[self.format.currentIndex()]

    def size_in_print(self) -> PrintSize:
        """The size."""
        return PrintSize(**{name: int(edit.value()) for name, edit in self.fields.items()})

    def accept(self) -> None:
        """Remember the choices."""
        self._settings.put(f"{_KEY}/format", self.kind)
        for name, edit in self.fields.items():
            self._settings.put(f"{_KEY}/{name}", str(edit.value()))
        super().accept()

    def _show(self) -> None:
        self._help.setText(_HELP[self.kind])
        for name, edit in self.fields.items():
            self._form.setRowVisible(edit, self.kind == "PNG" or (self.kind == "SVG" and name != "dpi"))
        self.adjustSize()
