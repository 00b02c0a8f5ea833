"""The line that says that a list of reviewed rows is in use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.pages.data.problem_text import error_text
from app.theme import GAP
from app.widgets import Elided, InlineError, ToolButton, plain_tooltip
from mtl_core.tabular.reviewed_list import ReviewedList, read_reviewed_list
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from app.session import Session


class ReviewedListLine(QWidget):
    """How many rows are left out and labels changed, with buttons to open and to remove the list; hidden without one.

    Args:
        session: The document, and the thread that reads the list.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("reviewed-list")
        self.setAccessibleName("Reviewed list")
        self._session = session
        self._path = ""
        self._read_error = self._problem = ""
        self.text = Elided("")
        self.text.setObjectName("reviewed-list-text")
        self.error = InlineError()
        self.error.setObjectName("reviewed-list-error")
        self.open = ToolButton("folder-open", "Open the reviewed list", self._open, name="reviewed-list-open")
        self.remove = ToolButton("x", "Train with all rows and labels again", self._remove, name="reviewed-list-remove")
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 2)
        row.addWidget(self.text, 1)
        row.addWidget(self.open)
        row.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.error)
        self.hide()

    def show_list(self, path: str | None, problem: str = "") -> None:
        """Show the list of the experiment.

        Args:
            path: Its file; None where there is none.
            problem: What is wrong with it, or ``""``.
        """
        changed, self._path, self._problem = (path or "") != self._path, path or "", problem
        self.setVisible(bool(path))
        if changed:
            self._read_error = ""
            self.text.setText(Path(self._path).name)
            self.setToolTip(plain_tooltip(f"Reviewed list: {self._path}"))
            self._read()
        self._show_error()

    def showEvent(self, event: QShowEvent) -> None:
        """Count anew: rows may have been reviewed meanwhile."""
        super().showEvent(event)
        self._read()

    def _read(self) -> None:
        if not (path := self._path):
            return

        def show(reviewed: ReviewedList) -> None:
            if path == self._path:
                left_out, relabeled = group_digits(len(reviewed.left_out)), group_digits(reviewed.relabeled)
                self.text.setText(f"{left_out} left out, {relabeled} relabeled")
                self._read_error = ""
                self._show_error()

        def fail(error: Exception) -> None:
            if path == self._path:
                self._read_error = error_text(error)
                self._show_error()

        self._session.store.call(lambda _: read_reviewed_list(path), show, fail)

    def _show_error(self) -> None:
        self.error.set_error(self._read_error or self._problem)

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self._path).expanduser())))

    def _remove(self) -> None:
        self._session.document.set("dataset.reviewed", None, "Remove the reviewed list", merge=False)
