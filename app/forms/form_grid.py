"""The grid of a form: labels beside their editors, or above them where there is no room."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from app.theme import GAP

_ROWS_OF_FIELD = 3
"""Of the grid: for the label, the editor, and a form below."""


class FormGrid(QGridLayout):
    """Places the widgets of a form; whoever owns it tells its width by :meth:`fit`.

    Args:
        owner: The form.
        label_width: Least width of the labels beside their editors.
    """

    def __init__(self, owner: QWidget, label_width: int) -> None:
        super().__init__(owner)
        self._label_width = label_width
        self._pairs: list[tuple[int, QWidget, QWidget]] = []
        self._used_rows = 0
        self._stacked = False
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(GAP)
        self.setVerticalSpacing(GAP)
        self.setColumnMinimumWidth(0, label_width)
        self.setColumnStretch(1, 1)

    def add_field(self, label: QWidget, cell: QWidget, below: QWidget | None = None) -> None:
        """Add an editor with its label, and a form below both."""
        row = self._next_row()
        self._pairs.append((row, label, cell))
        self._place(row, label, cell)
        if below is not None:
            self.addWidget(below, row + 2, 0, 1, 2)

    def add_group(self, *widgets: QWidget) -> None:
        """Add widgets below each other, each as wide as the form."""
        row = self._next_row()
        for at, widget in enumerate(widgets):
            self.addWidget(widget, row + at, 0, 1, 2)

    def fit(self, width: int) -> None:
        """Put the labels where there is room for them."""
        labels = [_least_width(label) for _, label, _ in self._pairs]
        needed = max([self._label_width, *labels]) + GAP + max((_least_width(c) for *_, c in self._pairs), default=0)
        if (stacked := width < needed) == self._stacked:
            return
        self._stacked = stacked
        self.setColumnMinimumWidth(0, 0 if stacked else self._label_width)
        for row, label, cell in self._pairs:
            self.removeWidget(label)
            self.removeWidget(cell)
            self._place(row, label, cell)

    def least_width(self) -> int:
        """The width of the widest label or editor, at which labels stand above."""
        items = filter(None, map(self.itemAt, range(self.count())))
        return max((_least_width(widget) for item in items if (widget := item.widget()) is not None), default=0)

    def _place(self, row: int, label: QWidget, cell: QWidget) -> None:
        if self._stacked:
            self.addWidget(label, row, 0, 1, 2)
            self.addWidget(cell, row + 1, 0, 1, 2)
        else:
            self.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            self.addWidget(cell, row, 1)

    def _next_row(self) -> int:
        self._used_rows += _ROWS_OF_FIELD
        return self._used_rows - _ROWS_OF_FIELD


def _least_width(widget: QWidget) -> int:
    return 0 if widget.isHidden() else max(widget.minimumSizeHint().width(), widget.minimumWidth())
