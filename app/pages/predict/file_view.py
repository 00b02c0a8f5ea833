"""Predictions for the rows of a file: its columns, the table of predictions, and the rows without one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTemporaryDir
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.formatting import format_quantity, format_share
from app.pages.predict.model_choice import ChosenModels
from app.pages.predict.prediction_table import PredictionTable
from app.theme import CARD_GAP, GAP
from app.widgets import Button, Elided, EmptyState, InlineError, Muted, PrimaryButton
from mtl_core.files import exists
from mtl_core.protocol.predictions import FileColumns, FilePredictions
from mtl_core.protocol.questions import FileColumnsQuestion, PredictFileQuestion, SaveTableQuestion
from mtl_core.tabular.readers.formats import SUFFIXES
from mtl_core.tabular.table_files import TABLE_TITLES
from mtl_core.text import format_names

if TYPE_CHECKING:
    from app.session import Session
    from mtl_core.protocol.work_progress import WorkProgress
    from mtl_core.tabular.table_files import StoredTable

_COLUMNS_KEY, _PREDICT_KEY = "predict-columns", "predict-file"
"""Of the questions to the worker."""
_FOLDER_KEY = "page/predict/folder"
_MOST_NAMES = 8
_FILTERS = {f"{title} (*{suffix})": suffix for suffix, title in TABLE_TITLES.items()}


class FileView(QWidget):
    """Asks for a file, has its rows predicted by the worker, and shows and saves the table.

    Args:
        session: Worker, store and settings.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("predict-file")
        self.setAcceptDrops(True)
        self._session = session
        self._models: ChosenModels | None = None
        self._level = 0.0
        self._path: Path | None = None
        self._columns: FileColumns | None = None
        self._busy = False
        self._serial = 0
        self._folder = QTemporaryDir()
        self._table_path = ""
        self.open = Button("Choose a file…", self.ask_file, icon_name="folder-open", name="predict-open")
        self.name = Elided("Drop a table here, or choose one.", mode=Qt.TextElideMode.ElideMiddle)
        self.start = PrimaryButton("Predict", self.predict, name="predict-start")
        self.cancel = Button("Cancel", self.stop, name="predict-cancel")
        self.save = Button("Save as…", self._ask_save, icon_name="export", name="predict-save")
        self.words = Muted(wrap=True)
        self.error = InlineError()
        self.result = PredictionTable()
        self._empty = EmptyState(
            "magic-wand",
            "No predictions yet",
            "Choose a file with the input columns of the model. Every row gets a class with probabilities, or a number "
            "with an interval.",
        )
        self._loading = EmptyState("hourglass", "")
        self._faces = QStackedWidget()
        self._build()
        self._show()

    def set_models(self, models: ChosenModels | None, level: float) -> None:
        """Predict with other models, or with intervals of another level; predictions of others are removed."""
        if (models, level) == (self._models, self._level):
            return
        other_models = models != self._models
        self._models, self._level = models, level
        self._drop_result()
        if other_models and self._path is not None:
            self.open_file(self._path)
        self._show()

    def ask_file(self) -> None:
        """Ask for a file, and look at its columns."""
        suffixes = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        last = self._session.settings.get(_FOLDER_KEY) or ""
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Choose a file to predict", last, f"Tables ({suffixes});;All files (*)"
        )
        if chosen:
            self._session.settings.put(_FOLDER_KEY, str(Path(chosen).parent))
            self.open_file(Path(chosen))

    def open_file(self, path: Path) -> None:
        """Look at the columns of a file."""
        self.stop()
        self._path, self._columns = path, None
        self._drop_result()
        self.error.set_error("")
        if self._models is not None:
            fields = self._models.question_fields(self._session)
            self._session.worker.ask(
                FileColumnsQuestion(**fields, path=str(path)),
                partial(self._on_columns, path, self._models),
                partial(self._on_columns_error, path, self._models),
                key=_COLUMNS_KEY,
            )
        self._show()

    def predict(self) -> None:
        """Have the rows of the file predicted."""
        if self._models is None or self._path is None or self._busy:
            return
        self._drop_result()
        self.error.set_error("")
        self._busy = True
        self._loading.text.setText("")
        self._serial += 1
        table = self._folder.filePath(f"predictions-{self._serial}.arrow")
        fields = self._models.question_fields(self._session)
        self._session.worker.ask(
            PredictFileQuestion(**fields, path=str(self._path), level=self._level, table=table),
            partial(self._on_predicted, self._serial, table),
            partial(self._on_error, self._serial),
            key=_PREDICT_KEY,
        )
        self._show()

    def stop(self) -> None:
        """Stop predicting."""
        if self._busy:
            self._busy = False
            self._serial += 1
            self._session.worker.cancel(_PREDICT_KEY)
            self._show()

    def save_as(self, path: Path) -> None:
        """Have the table written in the format of the file's suffix; the caller has asked whether to replace it."""

        def on_saved(rows: int) -> None:
            self.save.setEnabled(True)
            self._session.show_message(f"Saved {format_quantity(rows, 'row')} in {path.name}")

        def on_error(error: Exception) -> None:
            self.save.setEnabled(True)
            self.error.set_error(str(error))

        self.error.set_error("")
        self.save.setEnabled(False)
        self._session.worker.ask(SaveTableQuestion(table=self._table_path, path=str(path)), on_saved, on_error)

    def show_progress(self, key: str, progress: WorkProgress) -> None:
        """Show how far the worker is, if it predicts."""
        if key == _PREDICT_KEY and self._busy:
            self._loading.text.setText(f"{progress.what} ({format_share(progress.share)})")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a single local file or folder."""
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Look at the columns of the file that was dropped."""
        event.acceptProposedAction()
        self.open_file(Path(event.mimeData().urls()[0].toLocalFile()))

    # -- building --

    def _build(self) -> None:
        for widget, name in (
            (self.name, "name"),
            (self.words, "columns"),
            (self.error, "error"),
            (self._empty, "empty"),
            (self._loading, "loading"),
        ):
            widget.setObjectName(f"predict-{name}")
        bar = QHBoxLayout()
        bar.setSpacing(GAP)
        bar.addWidget(self.open)
        bar.addWidget(self.name, 1)
        for button in (self.cancel, self.start, self.save):
            bar.addWidget(button)
        for face in (self._empty, self._loading, self.result):
            self._faces.addWidget(face)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(CARD_GAP)
        column.addLayout(bar)
        column.addWidget(self.words)
        column.addWidget(self.error)
        column.addWidget(self._faces, 1)

    # -- showing --

    def _show(self) -> None:
        """Show what can be done now."""
        missing = self._columns is not None and bool(self._columns.missing)
        self.name.setText(str(self._path) if self._path else "Drop a table here, or choose one.")
        self.start.setEnabled(self._models is not None and self._path is not None and not missing and not self._busy)
        self.cancel.setVisible(self._busy)
        self.save.setVisible(bool(self._table_path))
        is_reading = self._path is not None and self._columns is None and not self.error.label.text()
        self.words.setText(_column_words(self._columns) if self._columns else "Reading its columns…")
        self.words.setVisible((self._columns is not None or is_reading) and self._models is not None)
        if self._busy:
            assert self._path is not None
            self._loading.title.setText(f"Predicting {self._path.name}…")
            self._faces.setCurrentWidget(self._loading)
        else:
            self._faces.setCurrentWidget(self.result if self._table_path else self._empty)

    def _drop_result(self) -> None:
        self.stop()
        self.result.clear()
        if self._table_path:
            Path(self._table_path).unlink(missing_ok=True)
            self._table_path = ""

    def _on_columns(self, path: Path, models: ChosenModels, columns: FileColumns) -> None:
        if (path, models) == (self._path, self._models):
            self._columns = columns
            if columns.missing:
                names = format_names(columns.missing, _MOST_NAMES)
                self.error.set_error(f"The file lacks input columns of the model: {names}.")
            self._show()

    def _on_columns_error(self, path: Path, models: ChosenModels, error: Exception) -> None:
        if (path, models) == (self._path, self._models):
            self.error.set_error(str(error))
            self._show()

    def _on_predicted(self, serial: int, table: str, answer: FilePredictions) -> None:
        if serial != self._serial:
            return

        def read(_store: object) -> StoredTable:  # off the GUI thread, which would wait for pyarrow
            from mtl_core.tabular.table_files import StoredTable

            return StoredTable(Path(table))

        self._session.store.call(
            read, partial(self._on_table, serial, table, answer), partial(self._on_error, serial), lane="report"
        )

    def _on_table(self, serial: int, path: str, answer: FilePredictions, table: StoredTable) -> None:
        if serial != self._serial:
            return
        self._busy, self._table_path = False, path
        self.result.show_answer(table, answer)
        self._show()

    def _on_error(self, serial: int, error: Exception) -> None:
        if serial == self._serial:
            self._busy = False
            self.error.set_error(str(error))
            self._show()

    def _ask_save(self) -> None:
        stem = self._path.stem if self._path else "table"
        # The dialog asks before a file is overwritten.
        chosen, kind = QFileDialog.getSaveFileName(
            self, "Save predictions", f"{stem}-predictions.csv", ";;".join(_FILTERS)
        )
        if not chosen:
            return
        path = Path(chosen)
        if path.suffix.lower() not in TABLE_TITLES:
            path = path.with_name(path.name + _FILTERS.get(kind, ".csv"))
            if exists(path):  # which the dialog did not ask about
                self.error.set_error(f"{path} exists already. Choose it in the dialog to replace it.")
                return
        self.save_as(path)


def _column_words(columns: FileColumns) -> str:
    """Which columns of a file are read."""
    parts = [f"{format_quantity(columns.rows, 'row')}.", f"Used: {format_names(columns.used, _MOST_NAMES) or 'none'}."]
    if columns.left_over:
        parts.append(f"Left over: {format_names(columns.left_over, _MOST_NAMES)}.")
    return " ".join(parts)
