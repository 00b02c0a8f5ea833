"""The table of predictions of a file, with the rows that have none and notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QAbstractItemView, QFrame, QListWidget, QTableView, QVBoxLayout, QWidget

from app.formatting import format_quantity
from app.pages.predict.prediction_model import PredictionModel, column_title, format_cell
from app.theme import GAP, row_height
from app.widgets import Muted, plain_tooltip
from mtl_core.protocol.predictions import FilePredictions, PredictedColumn
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from mtl_core.tabular.table_files import StoredTable

_MEASURED_ROWS, _MEASURED_CELLS, _MOST_DIGITS = 50, 2000, 40
_LIST_ROWS, _MOST_NOTES = 4, 6


class PredictionTable(QWidget):
    """Shows how many rows are predicted, the others with their reasons, the table, and notes."""

    def __init__(self) -> None:
        super().__init__()
        self.model = PredictionModel(self)
        self.table = _table_view(self.model)
        self.summary, self.notes = Muted(wrap=True), Muted(wrap=True)
        self.unreadable = QListWidget()
        self.summary.setObjectName("predict-summary")
        self.notes.setObjectName("predict-notes")
        self.unreadable.setObjectName("predict-unreadable")
        self.unreadable.setAccessibleName("Rows without a prediction")
        self.unreadable.setUniformItemSizes(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.summary)
        column.addWidget(self.unreadable)
        column.addWidget(self.table, 1)
        column.addWidget(self.notes)

    def clear(self) -> None:
        """Show no table."""
        self.model.show(None)

    def show_answer(self, table: StoredTable, answer: FilePredictions) -> None:
        """Show a table and what the worker says of it."""
        self.model.show(table, answer.columns)
        _fit_columns(self.table, table, answer.columns)
        predicted = answer.rows - answer.unreadable_count
        without = f", {group_digits(answer.unreadable_count)} without a prediction" if answer.unreadable_count else ""
        self.summary.setText(f"{group_digits(predicted)} of {format_quantity(answer.rows, 'row')} predicted{without}.")
        more_notes = len(answer.notes) - _MOST_NOTES
        shown = answer.notes if more_notes <= 0 else (*answer.notes[:_MOST_NOTES], f"and {more_notes} more notes")
        self.notes.setText("\n".join(shown))
        self.notes.setToolTip(plain_tooltip("\n".join(answer.notes) if more_notes > 0 else ""))
        self.notes.setVisible(bool(answer.notes))
        self.unreadable.clear()
        self.unreadable.addItems([f"Row {group_digits(row.row)}: {row.reason}" for row in answer.unreadable])
        if (more := answer.unreadable_count - len(answer.unreadable)) > 0:
            self.unreadable.addItem(f"{format_quantity(more, 'more row')} without a prediction")
        lines = min(self.unreadable.count(), _LIST_ROWS)
        self.unreadable.setFixedHeight(lines * max(self.unreadable.sizeHintForRow(0), 1) + GAP)
        self.unreadable.setVisible(answer.unreadable_count > 0)


def _table_view(model: PredictionModel) -> QTableView:
    view = QTableView()
    view.setObjectName("predict-table")
    view.setAccessibleName("Predictions")
    view.setModel(model)
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(row_height())
    view.horizontalHeader().setHighlightSections(False)
    return view


def _fit_columns(view: QTableView, table: StoredTable, columns: Sequence[PredictedColumn]) -> None:
    """Make columns as wide as the cells of their first rows."""
    digit = view.fontMetrics().horizontalAdvance("0")
    rows = range(min(len(table), max(1, min(_MEASURED_ROWS, _MEASURED_CELLS // len(columns)))))
    for index, column in enumerate(columns):
        texts = [column_title(column), *(format_cell(table.cell(row, index), column) for row in rows)]
        view.setColumnWidth(index, (min(max(map(len, texts)), _MOST_DIGITS) + 3) * digit)
