"""Parts of the side panel: the table of metrics and the facts of a run."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QGridLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.theme import CARD_GAP, GAP, card_title_font, mono_font
from app.widgets import Elided, Label, Muted, hidden_while_filled

_HEADINGS = ("", "best", "last", "test")


class MetricsGrid(QWidget):
    """Best, last and test value of each metric, by task."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GAP)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)
        self._rows: list[tuple[str, ...]] | None = None
        self._labels: list[list[Label]] = []

    def show_rows(self, rows: list[tuple[str, ...]]) -> None:
        """Show the rows of the table: the name of a task alone, or name and values of a metric."""
        if rows == self._rows:
            return
        if [len(words) for words in rows] != [len(labels) for labels in self._labels] or not rows:
            self._make_labels(rows)
        self._rows = rows
        for labels, words in zip(self._labels, rows, strict=True):
            for label, word in zip(labels, words, strict=True):
                label.setText(word)

    def clear(self) -> None:
        """Show nothing."""
        self._rows, self._labels = None, []
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _make_labels(self, rows: list[tuple[str, ...]]) -> None:
        self.clear()
        with hidden_while_filled(self):
            if not rows:
                self._grid.addWidget(Muted("Metrics appear after the first epoch."), 0, 0)
            for column, title in enumerate(_HEADINGS if rows else ()):
                self._grid.addWidget(Muted(title), 0, column, Qt.AlignmentFlag.AlignRight)
            for line, words in enumerate(rows, 1):
                self._labels.append(self._make_line(line, len(words)))

    def _make_line(self, line: int, count: int) -> list[Label]:
        name = Elided()  # a long name must not widen the panel
        if count == 1:
            name.setFont(card_title_font())
            self._grid.addWidget(name, line, 0, 1, 4)
            return [name]
        name.setProperty("role", "muted")
        self._grid.addWidget(name, line, 0)
        values = [Label() for _ in range(count - 1)]
        for column, value in enumerate(values, 1):
            self._grid.addWidget(value, line, column, Qt.AlignmentFlag.AlignRight)
        return [name, *values]


class FactsForm(QWidget):
    """Labels and texts of what is known of a run."""

    def __init__(self) -> None:
        super().__init__()
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(CARD_GAP)
        self._form.setVerticalSpacing(4)

    def show_pairs(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Show label and text of each fact."""
        while self._form.rowCount() > len(pairs):
            self._form.removeRow(self._form.rowCount() - 1)
        for i, (label, words) in enumerate(pairs):
            if i >= self._form.rowCount():
                value = Label(wrap=True)
                value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                self._form.addRow(Muted(), value)
            self._label(i, QFormLayout.ItemRole.LabelRole).setText(label)
            self._label(i, QFormLayout.ItemRole.FieldRole).setText(words)

    def _label(self, row: int, role: QFormLayout.ItemRole) -> Label:
        item = self._form.itemAt(row, role)
        widget = item.widget() if item is not None else None
        assert isinstance(widget, Label)
        return widget


def heading(text: str) -> Label:
    """Make a heading of a part."""
    label = Label(text)
    label.setFont(card_title_font())
    return label


def column_of(*widgets: QWidget | None) -> QWidget:
    """Make a widget with others below each other; None is room that is left."""
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GAP)
    for widget in widgets:
        column.addStretch(1) if widget is None else column.addWidget(widget)
    return whole


def log_view(name: str, accessible: str) -> QPlainTextEdit:
    """Make a view of lines of monospaced text."""
    view = QPlainTextEdit(readOnly=True)
    view.setObjectName(name)
    view.setAccessibleName(accessible)
    view.setFont(mono_font())
    view.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
    view.setMinimumHeight(view.fontMetrics().lineSpacing() * 7)
    return view


def set_plain_text(view: QPlainTextEdit, text: str) -> None:
    """Replace the text if it differs, which would lose the selection and the place."""
    if text != view.toPlainText():
        view.setPlainText(text)
