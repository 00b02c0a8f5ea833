"""New, open, save and recent files, with questions before unsaved edits are lost."""

import re
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from app.document import OpenedFile, read_file
from app.jobs import Background
from app.main_window.dialogs import Questions
from app.navigation import Page
from app.session import Session
from app.widgets import escape_mnemonic, plain_tooltip
from mtl_core.errors import InputError, WorkbenchError
from mtl_core.spec import ExperimentSpec, load_preset, preset_names

EXAMPLE = "multidigits"
_SAVE, _DISCARD, _CANCEL = "Save", "Discard the edits", "Cancel"
_REPLACE, _SAVE_FIRST = "Replace", "Save first"


class FileActions(QObject):
    """The actions of the File menu on the session's document.

    ``recentChanged`` is emitted when the list of recent files has changed.
    """

    recentChanged = Signal()

    def __init__(self, session: Session, questions: Questions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._document = session.document
        self.questions = questions
        self._background = Background("spec file", self)
        session.confirm_replace = self.may_replace

    def may_leave(self) -> bool:
        """Whether the document may be closed: it has no unsaved edits, or the user saved or discarded them."""
        if not self._document.dirty:
            return True
        text = f"“{self._document.name}” has edits that are not saved."
        match self.questions.choose("Save the edits?", text, (_SAVE, _DISCARD, _CANCEL)):
            case "Save":
                return self.save()
            case "Discard the edits":
                return True
            case _:
                return False

    def may_replace(self, what: str) -> bool:
        """Whether a part of the document may be replaced: it has no unsaved edits, or the user saved them or agreed.

        Args:
            what: A sentence that says what would be replaced.
        """
        if not self._document.dirty:
            return True
        text = f"{what} “{self._document.name}” has edits that are not saved; Undo brings them back."
        match self.questions.choose("Replace what was edited?", text, (_REPLACE, _SAVE_FIRST, _CANCEL)):
            case "Save first":
                return self.save()
            case "Replace":
                return True
            case _:
                return False

    def new(self) -> None:
        """Start a new experiment."""
        if self.may_leave():
            self._document.new()
            self._session.open_page(Page.DATA)

    def example(self, name: str = EXAMPLE) -> None:
        """Open a bundled experiment."""
        if self.may_leave():
            self._document.load_spec(load_preset(name), "")

    def show_spec(self, spec: ExperimentSpec) -> None:
        """Open the experiment of a run."""
        if self.may_leave():
            self._document.load_spec(spec)
            self._session.open_page(Page.DATA)

    def open(self) -> None:
        """Ask for a file and open it."""
        if self.may_leave() and (path := self.questions.file_to_open(self._folder())) is not None:
            self._read(path)

    def open_recent(self, path: Path) -> None:
        """Open one of the recent files."""
        if self.may_leave():
            self._read(path)

    def load(self, path: Path) -> bool:
        """Open ``path`` before the window is shown, and return whether that succeeded; otherwise the error is shown."""
        try:
            self._document.open(path)
        except WorkbenchError as error:
            self._session.show_error(error)
            return False
        self._remember(path)
        return True

    def _read(self, path: Path) -> None:
        """Read ``path`` in the background and open it; if it cannot be read, the document stays."""
        before = self._document.data

        def show(file: OpenedFile) -> None:
            if self._document.data is before or self.may_leave():
                self._document.show_file(file)
                self._remember(path)

        self._background.call(partial(read_file, path), show, self._session.show_error)

    def save(self) -> bool:
        """Save to the document's file, or ask for a file; return whether it was saved."""
        if self._document.path is None:
            return self.save_as()
        try:
            self._document.save()
        except WorkbenchError as error:
            return self._overwrite(error)
        self._session.show_message(f"Saved {self._document.path.name}.")
        return True

    def save_as(self) -> bool:
        """Ask for a file and save there; return whether it was saved."""
        if self._document.problems:
            self._session.show_error(InputError.of(self._document.problems))
            return False
        path = self.questions.file_to_save(self._folder() / f"{_file_name(self._document.name)}.yaml")
        if path is None:
            return False
        try:
            self._document.save_as(path)
        except WorkbenchError as error:
            self._session.show_error(error)
            return False
        self._remember(path)
        self._session.show_message(f"Saved {path.name}.")
        return True

    def reopen(self) -> None:
        """Open the file of the last session, else the bundled example."""
        last = self._session.settings.get("file")
        if last and Path(last).is_file() and self.load(Path(last)):
            return
        if EXAMPLE in preset_names():
            self.example()

    def fill_recent(self, menu: QMenu) -> None:
        """List the recent files in ``menu``."""
        menu.clear()
        for path in self._session.settings.recent():
            action = menu.addAction(escape_mnemonic(path.name))
            action.setToolTip(plain_tooltip(str(path)))
            action.triggered.connect(lambda _checked=False, file=path: self.open_recent(file))
        if menu.isEmpty():
            menu.addAction("No files yet").setEnabled(False)

    def _overwrite(self, error: WorkbenchError) -> bool:
        """Ask whether to overwrite a file that another program changed; show any other error."""
        path = self._document.path
        if path is None or "another program" not in error.problem.rule:
            self._session.show_error(error)
            return False
        overwrite = "Overwrite it"
        if self.questions.choose(f"Overwrite {path.name}?", str(error), (overwrite, "Cancel")) != overwrite:
            return False
        try:
            self._document.save(overwrite=True)
        except WorkbenchError as second_error:
            self._session.show_error(second_error)
            return False
        return True

    def _remember(self, path: Path) -> None:
        self._session.settings.add_recent(path)
        self.recentChanged.emit()

    def _folder(self) -> Path:
        if self._document.path is not None:
            return self._document.path.parent
        return next((path.parent for path in self._session.settings.recent()), Path.home())


def _file_name(name: str) -> str:
    """A file name for an experiment called ``name``."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "experiment"
