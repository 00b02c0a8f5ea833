"""The table of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.tables import RunsModel, StarDelegate, StateDelegate
from app.theme import row_height

if TYPE_CHECKING:
    from mtl_core.store import RunRecord

_FLAGS = QItemSelectionModel.SelectionFlag


class RunsView(QTableView):
    """Rows of runs; ``runOpened`` when one is double-clicked or Enter is pressed on it."""

    runOpened = Signal()
    selectedRunsChanged = Signal()

    def __init__(self, model: RunsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runs-table")
        self.setAccessibleName("Runs")
        self._model = model
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.EditKeyPressed | triggers.SelectedClicked)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSortingEnabled(True)
        self._style_headers()
        self.setItemDelegateForColumn(model.column("state"), StateDelegate(self))
        self.setItemDelegateForColumn(model.column("star"), StarDelegate(self))
        self.doubleClicked.connect(self._on_double_clicked)
        self._saved_selection: tuple[list[int], int] = ([], -1)
        model.modelAboutToBeReset.connect(self._save_state)
        model.modelReset.connect(self._restore_state)

    def selected_records(self) -> list[RunRecord]:
        """The selected runs, from top to bottom."""
        rows = self._model.rows()
        selection = self.selectionModel().selection()
        parts = [selection.at(i) for i in range(selection.count())]
        return [rows[row].record for row in sorted({r for p in parts for r in range(p.top(), p.bottom() + 1)})]

    def select_run(self, run: int) -> bool:
        """Select a run and scroll to it; return whether it is in the table."""
        row = self._model.row_of(run)
        if row >= 0:
            self.setCurrentIndex(self._model.index(row, self._model.column("name")))
            self.scrollTo(self.currentIndex())
        return row >= 0

    def rename(self) -> None:
        """Edit the name of the current run in place."""
        index = self._model.index(self.currentIndex().row(), self._model.column("name"))
        if index.isValid():
            self.setCurrentIndex(index)
            self.edit(index)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Emit ``selectedRunsChanged``."""
        super().selectionChanged(selected, deselected)
        self.selectedRunsChanged.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open a run with Enter, and rename it with F2 in any column."""
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if plain and self.currentIndex().isValid():
                self.runOpened.emit()
            case Qt.Key.Key_F2 if self.currentIndex().isValid():
                self.rename()
            case _:
                super().keyPressEvent(event)

    def _style_headers(self) -> None:
        rows = self.verticalHeader()
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(row_height())
        columns = self.horizontalHeader()
        columns.setSectionsMovable(True)
        columns.setHighlightSections(False)
        columns.setMinimumSectionSize(28)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        # A separate, always empty one: for each title a header would check whether all rows are selected.
        columns.setSelectionModel(QItemSelectionModel(self._model, columns))
        columns.setStyleSheet("QHeaderView::up-arrow, QHeaderView::down-arrow { image: none; width: 0; height: 0; }")
        self.setCornerWidget(QWidget())

    def _on_double_clicked(self, index: QModelIndex) -> None:
        if self._model.columns()[index.column()].key != "star":
            self.runOpened.emit()

    def _save_state(self) -> None:
        current = self._model.rows()[self.currentIndex().row()].record.id if self.currentIndex().isValid() else -1
        self._saved_selection = ([record.id for record in self.selected_records()], current)

    def _restore_state(self) -> None:
        selected, current = self._saved_selection
        place = {row.record.id: i for i, row in enumerate(self._model.rows())}
        selection = QItemSelection()
        for run in selected:
            if run in place:
                index = self._model.index(place[run], 0)
                selection.select(index, index)
        self.selectionModel().select(selection, _FLAGS.ClearAndSelect | _FLAGS.Rows)
        if current in place:
            index = self._model.index(place[current], self._model.column("name"))
            self.selectionModel().setCurrentIndex(index, _FLAGS.NoUpdate)
