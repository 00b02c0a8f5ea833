"""An editor for a subset of given values: check boxes."""

from typing import Any

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from app.forms.value_labels import label_of
from app.theme import GAP
from app.widgets import escape_mnemonic

_MAX_COLUMNS, _MAX_DIGITS = 3, 44
"""The most columns of check boxes, and their largest width as a number of digits."""


class CheckListEditor(QWidget):
    """Edits a subset of given values with check boxes."""

    valueChanged = Signal(object)

    def __init__(self, values: tuple[Any, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._boxes = {value: QCheckBox(escape_mnemonic(label_of(value))) for value in values}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 6, 0, 4)
        self._grid.setSpacing(GAP)
        for value, box in self._boxes.items():
            box.setAccessibleName(label_of(value))
            box.toggled.connect(lambda _on: self.valueChanged.emit(self.value()))
        self._widest = max(box.sizeHint().width() for box in self._boxes.values()) + GAP
        self._columns = 0
        self._arrange(self.fontMetrics().horizontalAdvance("0") * _MAX_DIGITS)
        self.setFocusProxy(next(iter(self._boxes.values())))

    def minimumSizeHint(self) -> QSize:
        """The size of a single column."""
        return QSize(self._widest, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the boxes in as many columns as fit."""
        super().resizeEvent(event)
        self._arrange(min(self.width() + GAP, self.fontMetrics().horizontalAdvance("0") * _MAX_DIGITS))

    def _arrange(self, width: int) -> None:
        columns = max(1, min(_MAX_COLUMNS, width // self._widest))
        if columns == self._columns:
            return
        self._grid.setColumnStretch(self._columns, 0)
        self._grid.setColumnStretch(columns, 1)
        self._columns = columns
        for index, box in enumerate(self._boxes.values()):
            self._grid.addWidget(box, index // columns, index % columns)

    def name_parts(self, name: str) -> None:
        """Set the objectNames of the boxes, which begin with ``name``."""
        for value, box in self._boxes.items():
            box.setObjectName(f"{name}.{value}")

    def value(self) -> list[Any]:
        """The checked values, in the order of the boxes."""
        return [value for value, box in self._boxes.items() if box.isChecked()]

    def setValue(self, value: Any) -> None:
        """Check the boxes of these values and uncheck the others."""
        for option, box in self._boxes.items():
            blocked = box.blockSignals(True)
            box.setChecked(option in (value or ()))
            box.blockSignals(blocked)
