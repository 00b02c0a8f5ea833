"""The table of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.tables import RunGroup, RunsModel, StarDelegate, StateDelegate
from app.theme import row_height

if TYPE_CHECKING:
    from mtl_core.store import RunRecord

_FLAGS = QItemSelectionModel.SelectionFlag
_Key = int | tuple[str, ...]


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
        self.clicked.connect(self._on_clicked)
        self.doubleClicked.connect(self._on_double_clicked)
        self._saved_selection: tuple[list[_Key], _Key | None] = ([], None)
        model.modelAboutToBeReset.connect(self._save_state)
        model.modelReset.connect(self._restore_state)

    def selected_records(self) -> list[RunRecord]:
        """The selected runs, from top to bottom; of a selected group all its runs."""
        selection = self.selectionModel().selection()
        parts = [selection.at(i) for i in range(selection.count())]
        lines = sorted({line for part in parts for line in range(part.top(), part.bottom() + 1)})
        records = [row.record for line in lines for row in self._model.rows_at(line)]
        return list({record.id: record for record in records}.values())

    def select_run(self, run: int) -> bool:
        """Select a run and scroll to it; return whether it is in the table."""
        self._model.open_group_of(run)
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
        """Open a run or group with Enter, and rename a run with F2 in any column."""
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        group = self._group_line()
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Left | Qt.Key.Key_Right if plain and group >= 0:
                self._model.toggle_group(group)
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

    def _group_line(self) -> int:
        """The line of the current group, or -1."""
        line = self.currentIndex().row()
        return line if line >= 0 and isinstance(self._model.lines()[line], RunGroup) else -1

    def _on_clicked(self, index: QModelIndex) -> None:
        """Open or close a group by a click on its name."""
        is_group = isinstance(self._model.lines()[index.row()], RunGroup)
        if is_group and self._model.columns()[index.column()].key == "name":
            self._model.toggle_group(index.row())

    def _on_double_clicked(self, index: QModelIndex) -> None:
        if isinstance(self._model.lines()[index.row()], RunGroup):
            return
        if self._model.columns()[index.column()].key != "star":
            self.runOpened.emit()

    def _save_state(self) -> None:
        line = self.currentIndex().row()
        self._saved_selection = (self._selected_keys(), self._key(line) if line >= 0 else None)

    def _restore_state(self) -> None:
        selected, current = self._saved_selection
        place = {self._key(i): i for i in range(len(self._model.lines()))} if selected or current else {}
        selection = QItemSelection()
        for key in selected:
            if key in place:
                index = self._model.index(place[key], 0)
                selection.select(index, index)
        self.selectionModel().select(selection, _FLAGS.ClearAndSelect | _FLAGS.Rows)
        if current in place:
            index = self._model.index(place[current], self._model.column("name"))
            self.selectionModel().setCurrentIndex(index, _FLAGS.NoUpdate)

    def _selected_keys(self) -> list[_Key]:
        selection = self.selectionModel().selection()
        parts = [selection.at(i) for i in range(selection.count())]
        return [self._key(line) for part in parts for line in range(part.top(), part.bottom() + 1)]

    def _key(self, line: int) -> _Key:
        """Identifies a line across changes of the list: the number of a run, or the values of a group."""
        shown = self._model.lines()[line]
        return shown.values if isinstance(shown, RunGroup) else shown.record.id
