"""The dialog that asks by which key another table joins the experiment's table, and shows how many rows match."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from shiboken6 import isValid

from app.formatting import format_quantity
from app.jobs import Worker
from app.pages.data.dialogs.dialog_height import fit_height
from app.pages.data.problem_text import error_text
from app.theme import CARD_GAP, GAP
from app.widgets import Button, Elided, InlineError, Label, Muted, PrimaryButton, guard_wheel
from mtl_core.protocol.questions import JoinPreview, JoinQuestion
from mtl_core.text import format_names, group_digits

_WIDTH = 56
"""In digits of the font."""
_QUESTION = "join"
_HELP = "Each row of the table gets the columns of the row with the same key, such as the labels of another task."
_MOST_NAMES = 8


class JoinDialog(QDialog):
    """Two combo boxes for the key in both tables, and how many rows have a partner by it, which a worker counts.

    ``chosen(joined)``: join the table; ``joined`` is the spec data of a joined table. Whoever reads it closes the
    dialog or shows the error in it.

    Args:
        worker: Counts the rows that match.
        table: Spec data of the table, with the tables that are joined before this one.
        joined: Spec data of the joined table; without ``key`` one is suggested.
        parent: The page.
    """

    chosen = Signal(object)

    def __init__(
        self, worker: Worker, table: Mapping[str, Any], joined: Mapping[str, Any], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("join-dialog")
        self._worker, self._table, self._path = worker, dict(table), str(joined["path"])
        name = Path(self._path).name
        self.setWindowTitle(f"Join {name}")
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * _WIDTH)
        self.key = _combo("join-key", "Key in the table")
        self.other_key = _combo("join-other-key", f"Key in {name}")
        self.matches = Label("", wrap=True)
        self.matches.setObjectName("join-matches")
        self.columns = Muted("", wrap=True)
        self.columns.setObjectName("join-columns")
        self.error = InlineError()
        self.error.setObjectName("join-error")
        self.join_button = PrimaryButton("Join", self._choose, name="join-tables")
        self.join_button.setDefault(True)
        self._build(name)
        for combo in (self.key, self.other_key):
            combo.activated.connect(lambda _: self._ask(self.key.currentText(), self.other_key.currentText()))
        self._ask(joined.get("key"), joined.get("other_key"))

    def show_error(self, error: Exception) -> None:
        """Show why the table cannot be joined."""
        self.matches.hide()
        self.columns.hide()
        self.error.set_error(error_text(error))
        self.join_button.setEnabled(False)
        fit_height(self)

    def _ask(self, key: str | None, other_key: str | None) -> None:
        """Ask how many rows match by a key; None: by the one that suits best."""
        self._show("Counting the rows that match …", "")
        self.join_button.setEnabled(False)
        question = JoinQuestion(dataset=self._table, path=self._path, key=key, other_key=other_key)

        def show(preview: JoinPreview) -> None:
            if isValid(self):
                self._show_preview(preview)

        def fail(error: Exception) -> None:
            if isValid(self):
                self.show_error(error)

        self._worker.ask(question, show, fail, key=_QUESTION)

    def _show(self, matches: str, columns: str) -> None:
        self.error.set_error("")
        for label, text in ((self.matches, matches), (self.columns, columns)):
            label.setText(text)
            label.setVisible(bool(text))
        fit_height(self)

    def _show_preview(self, preview: JoinPreview) -> None:
        for combo, names, current in (
            (self.key, preview.columns, preview.key),
            (self.other_key, preview.other_columns, preview.other_key),
        ):
            if [combo.itemText(i) for i in range(combo.count())] != list(names):
                combo.clear()
                combo.addItems(list(names))
            combo.setCurrentText(current)
            combo.setEnabled(True)
        self._show(_matches(preview), _added(preview))
        if preview.repeated:
            self.error.set_error(f"Each key needs one row; found {preview.repeated}.")
        elif not preview.added:
            self.error.set_error("It has no column beside the key.")
        elif not preview.matched:
            self.error.set_error("No row matches: choose other columns.")
        fit_height(self)
        self.join_button.setEnabled(bool(preview.added and preview.matched and not preview.repeated))

    def _choose(self) -> None:
        self._show("Reading all rows …", "")
        self.join_button.setEnabled(False)
        key, other_key = self.key.currentText(), self.other_key.currentText()
        self.chosen.emit({"path": self._path, "key": key, "other_key": other_key if other_key != key else None})

    def _build(self, name: str) -> None:
        grid = QGridLayout()
        grid.setSpacing(GAP)
        for at, (title, combo) in enumerate((("the table", self.key), (name, self.other_key))):
            label = Elided(f"Key in {title}")
            grid.addWidget(label, 0, at)
            grid.addWidget(combo, 1, at)
            grid.setColumnStretch(at, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addStretch(1)
        buttons.addWidget(Button("Cancel", self.reject, name="join-cancel"))
        buttons.addWidget(self.join_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(CARD_GAP, CARD_GAP, CARD_GAP, CARD_GAP)
        column.setSpacing(GAP)
        column.addWidget(Muted(_HELP, wrap=True))
        column.addLayout(grid)
        for widget in (self.matches, self.columns, self.error):
            column.addWidget(widget)
        column.addStretch(1)
        column.addLayout(buttons)


def _combo(object_name: str, title: str) -> QComboBox:
    combo = QComboBox()
    combo.setObjectName(object_name)
    combo.setAccessibleName(title)
    combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    combo.setEnabled(False)
    guard_wheel(combo)
    return combo


def _matches(preview: JoinPreview) -> str:
    """How many rows have a partner, in either table."""
    alone = preview.rows - preview.matched
    share = f"{group_digits(preview.matched)} of {format_quantity(preview.rows, 'row')} have a partner"
    rest = f"; in the other {group_digits(alone)} the new cells are missing" if alone else ""
    of = f"{group_digits(preview.unused)} of {format_quantity(preview.other_rows, 'row')}"
    unused = f" {of} of the joined table have none and are left out." if preview.unused else ""
    return f"{share}{rest}.{unused}"


def _added(preview: JoinPreview) -> str:
    names = format_names(list(preview.added), _MOST_NAMES)
    return f"{format_quantity(len(preview.added), 'new column')}: {names}" if preview.added else ""
