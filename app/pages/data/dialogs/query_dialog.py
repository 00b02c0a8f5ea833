"""The dialog that asks for a database and a query of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.pages.data.dialogs.dialog_height import fit_height
from app.pages.data.problem_text import error_text
from app.theme import CARD_GAP, GAP, mono_font
from app.widgets import Button, InlineError, Label, LineEdit, Muted, PrimaryButton, ToolButton
from mtl_core.errors import WorkbenchError

_WIDTH, _LINES = 72, 8
"""Of the field for the query, in digits and lines of the font."""
_URL_HELP = (
    "Such as sqlite:////home/me/homes.db or postgresql://reader:${DB_PASSWORD}@host/name. ${NAME} is an environment "
    "variable; a password itself is not taken, since it would be stored."
)
_FILTER = "SQLite databases (*.db *.sqlite *.sqlite3);;All files (*)"


class QueryDialog(QDialog):
    """Fields for the URL of a database and a SELECT, each with its error below.

    ``submitted(url, sql)``: read the rows. Whoever reads them closes the dialog or shows the error in it.

    Args:
        dataset: Spec data of the experiment's data set; the fields begin with its query, if it is one.
        parent: The page.
    """

    submitted = Signal(str, str)

    def __init__(self, dataset: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("query-dialog")
        self.setWindowTitle("Query of a database")
        self.url = LineEdit()
        self.url.setObjectName("query-url")
        self.url.setAccessibleName("URL of the database")
        self.url.setPlaceholderText("sqlite:///…")
        self.sql = QPlainTextEdit()
        self.sql.setObjectName("query-sql")
        self.sql.setAccessibleName("Query")
        self.sql.setPlaceholderText("SELECT … FROM …")
        self.sql.setFont(mono_font())
        self.sql.setTabChangesFocus(True)
        self.sql.setMinimumHeight(self.fontMetrics().lineSpacing() * _LINES)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * _WIDTH)
        self.url_error, self.sql_error = InlineError(), InlineError()
        self.url_error.setObjectName("query-url-error")
        self.sql_error.setObjectName("query-sql-error")
        self.open_button = PrimaryButton("Open", self._submit, name="query-open")
        self.open_button.setDefault(True)
        self._state = Muted("")
        self._build()
        if dataset.get("kind") == "query":
            self.url.setText(str(dataset.get("url", "")))
            self.sql.setPlainText(str(dataset.get("sql", "")))
        self.url.textChanged.connect(self._on_edited)
        self.sql.textChanged.connect(self._on_edited)
        self._on_edited()

    def show_error(self, error: Exception) -> None:
        """Show why the rows cannot be read, below the field that it concerns."""
        self._set_reading(reading=False)
        at_url = isinstance(error, WorkbenchError) and error.problem.path == "dataset.url"
        self.url_error.set_error(error_text(error) if at_url else "")
        self.sql_error.set_error("" if at_url else error_text(error))
        (self.url if at_url else self.sql).setFocus()
        fit_height(self)

    def ask_file(self) -> None:
        """Ask for a file of SQLite, whose URL is then shown."""
        path, _ = QFileDialog.getOpenFileName(self, "Choose a database", "", _FILTER)
        if path:
            self.url.setText(f"sqlite:///{Path(path).as_posix()}")

    def _submit(self) -> None:
        for error in (self.url_error, self.sql_error):
            error.set_error("")
        self._set_reading(reading=True)
        self.submitted.emit(self.url.text().strip(), self.sql.toPlainText().strip())

    def _set_reading(self, *, reading: bool) -> None:
        self._state.setText("Reading the rows …" if reading else "")
        self.open_button.setEnabled(not reading and self._is_complete())

    def _is_complete(self) -> bool:
        return bool(self.url.text().strip() and self.sql.toPlainText().strip())

    def _on_edited(self) -> None:
        self._set_reading(reading=False)

    def _build(self) -> None:
        choose = ToolButton("folder-open", "Choose a file of SQLite…", self.ask_file, name="query-file")
        url_row = QHBoxLayout()
        url_row.setSpacing(GAP)
        url_row.addWidget(self.url, 1)
        url_row.addWidget(choose)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self._state, 1)
        buttons.addWidget(Button("Cancel", self.reject, name="query-cancel"))
        buttons.addWidget(self.open_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(CARD_GAP, CARD_GAP, CARD_GAP, CARD_GAP)
        column.setSpacing(GAP)
        column.addWidget(Label("Database"))
        column.addLayout(url_row)
        column.addWidget(Muted(_URL_HELP, wrap=True))
        column.addWidget(self.url_error)
        column.addWidget(Label("Query, which is read with no chance to change the database"))
        column.addWidget(self.sql, 1)
        column.addWidget(self.sql_error)
        column.addLayout(buttons)
