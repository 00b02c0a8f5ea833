"""The check of the experiment's data, which a worker makes on request; no widgets."""

import json

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from app.document import affects
from app.pages.data.problem_text import error_text
from app.session import Session
from mtl_core.protocol.questions import CheckDataQuestion
from mtl_core.spec.data.data_findings import DataFinding

_PARTS = ("dataset", "tasks")
"""The parts of an experiment that the check looks at."""


class DataCheck(QObject):
    """Asks the worker for findings, drops them when the data or the tasks change, and applies their fixes.

    ``changed()``: there are other findings, an error, or the check has begun.

    Args:
        session: Document and worker.
        parent: Owner.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._document = session, session.document
        self._findings: tuple[DataFinding, ...] | None = None
        self._error = ""
        self._pending = ""
        self._document.changed.connect(self._on_document_changed)

    @property
    def findings(self) -> tuple[DataFinding, ...] | None:
        """What was found; None while the data as they are have not been checked."""
        return self._findings

    @property
    def error(self) -> str:
        """Why the data could not be checked, or ``""``."""
        return self._error

    @property
    def is_running(self) -> bool:
        """Whether the worker checks the data."""
        return bool(self._pending)

    def start(self) -> None:
        """Have the worker check the data as they are."""
        key = self._pending = self._key()
        self._findings, self._error = None, ""
        self.changed.emit()

        def on_findings(findings: list[DataFinding]) -> None:
            if self._ends(key):
                self._findings = tuple(findings)
                self.changed.emit()

        def on_error(error: Exception) -> None:
            if self._ends(key):
                self._error = error_text(error)
                self.changed.emit()

        self._session.worker.ask(CheckDataQuestion(spec=self._document.data), on_findings, on_error, key="data-check")

    def apply_fix(self, finding: DataFinding) -> None:
        """Make the change that mends a finding, as one step of undo, and check again."""
        if finding.fix is None:
            return
        others = tuple(other for other in self._findings or () if other is not finding)
        self._document.set_many(finding.fix.changes, finding.fix.label, merge=False)
        if any(affects(list(finding.fix.changes), part) for part in _PARTS):
            self.start()
        else:
            self._findings = others
            self.changed.emit()

    def _ends(self, key: str) -> bool:
        """Whether an answer is the one that is waited for."""
        if not isValid(self) or key != self._pending:
            return False
        self._pending = ""
        return True

    def _key(self) -> str:
        return json.dumps([self._document.data.get(part) for part in _PARTS], sort_keys=True, default=str)

    def _on_document_changed(self, paths: list[str]) -> None:
        if any(affects(paths, part) for part in _PARTS) and self._pending != self._key():
            self._findings, self._error, self._pending = None, "", ""
            self.changed.emit()
