"""The choice of the sheet of a workbook, and of whether a table's first row holds the names of its columns."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QSizePolicy, QWidget

from app.theme import GAP
from app.widgets import Label, guard_wheel, plain_tooltip
from mtl_core.spec import DatasetInfo
from mtl_core.spec.data.dataset import TableDataset
from mtl_core.tabular.readers.formats import format_of_dataset

_AUTO = "auto"
_HEADERS = ((_AUTO, None), ("Names of columns", True), ("A row of data", False))


class SheetChoice(QWidget):
    """Combo boxes for the sheet of a workbook, and for what the first row of a text or a sheet is.

    ``chosen(sheet, header)``: read the file so, None for what is found by looking.
    """

    chosen = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stated: tuple[Any, Any] = (None, None)
        self.sheet = _combo("file-sheet", "Sheet of the workbook", "sheet")
        self.header = _combo("file-header", "First row of the table", "header")
        for title, value in _HEADERS:
            self.header.addItem(title, value)
        for combo in (self.sheet, self.header):
            combo.activated.connect(lambda _: self._choose())
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setVerticalSpacing(GAP // 2)
        self._form.addRow(Label("Sheet"), self.sheet)
        self._form.addRow(Label("First row"), self.header)

    def show_dataset(self, dataset: Mapping[str, Any], info: DatasetInfo | None) -> None:
        """Show what is stated for a text or workbook, and the sheet that was read; nothing of other data."""
        table_format = format_of_dataset(dataset)
        stated = dataset.get("sheet")
        sheets = info.sheets if info is not None else () if stated is None else (str(stated),)
        is_text = table_format is None or table_format.cells == "text"
        self._stated = (stated, dataset.get("header"))
        self.setVisible(dataset.get("kind") == "table" and (is_text or bool(sheets)))
        self._form.setRowVisible(self.sheet, len(sheets) > 1 or stated is not None)
        self.sheet.clear()
        self.sheet.addItem(f"{_AUTO}: {info.sheet}" if info is not None and stated is None else _AUTO, None)
        for name in sheets:
            self.sheet.addItem(name, name)
        self.sheet.setCurrentIndex(max(self.sheet.findData(stated), 0))
        self.header.setCurrentIndex(max(self.header.findData(dataset.get("header")), 0))

    def _choose(self) -> None:
        choice = (self.sheet.currentData(), self.header.currentData())
        if choice != self._stated:
            self.chosen.emit(*choice)


def _combo(name: str, title: str, field: str) -> QComboBox:
    combo = QComboBox()
    combo.setObjectName(name)
    combo.setAccessibleName(title)
    combo.setToolTip(plain_tooltip(TableDataset.model_fields[field].description or ""))
    combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    guard_wheel(combo)
    return combo
