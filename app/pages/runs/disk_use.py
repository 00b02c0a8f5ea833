"""The dialog about the disk use of the runs, which gives back what archived runs use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QMessageBox, QVBoxLayout, QWidget

from app.formatting import format_quantity
from app.theme import CARD_GAP, GAP
from app.widgets import Button, DangerButton, Label, Muted
from mtl_core.text import format_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtl_core.store import RunStore


@dataclass(frozen=True)
class Share:
    """What some runs use: how many they are, and the bytes of all their files and of their checkpoints."""

    runs: tuple[int, ...] = ()
    files: int = 0
    checkpoints: int = 0


@dataclass(frozen=True)
class StoreUse:
    """Disk use of a store.

    Attributes:
        kept: The runs that are not archived.
        archived: Those that are; a live run is never among them.
        database: Bytes of the file of the database; 0 for a database on a server.
    """

    kept: Share
    archived: Share
    database: int


def read_store_use(store: RunStore) -> StoreUse:
    """Measure the files of all runs; for the store's thread."""
    records = store.runs(archived=True)
    use = store.disk_use([record.id for record in records])

    def share(archived: bool) -> Share:
        runs = tuple(record.id for record in records if (record.archived and record.has_ended) == archived)
        measured = [use[run] for run in runs if run in use]
        return Share(runs, sum(one.files for one in measured), sum(one.checkpoints for one in measured))

    file = Path(store.name)
    return StoreUse(share(False), share(True), file.stat().st_size if file.is_file() else 0)


class DiskUseDialog(QDialog):
    """Shows what the runs use.

    ``checkpointsRequested(list)`` and ``eraseRequested(list)``: the archived runs whose checkpoints are to be removed,
    or which are to be erased.
    """

    checkpointsRequested = Signal(list)
    eraseRequested = Signal(list)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("disk-use")
        self.setWindowTitle("Disk use of the runs")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._use: StoreUse | None = None
        self._state = Muted("Measuring…")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(CARD_GAP * 2)
        self._grid.setVerticalSpacing(GAP)
        self._cells: dict[tuple[int, int], Label] = {}
        self.remove = Button("Remove checkpoints of archived runs…", self._on_remove, name="remove-checkpoints")
        self.erase = DangerButton("Erase archived runs…", self._on_erase, name="erase-archived")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.remove, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.erase, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(CARD_GAP)
        column.addWidget(self._state)
        column.addLayout(self._grid)
        note = "A run without checkpoints keeps its settings, curves and metrics; it cannot be resumed or evaluated."
        column.addWidget(Muted(note, wrap=True))
        column.addWidget(buttons)
        self.show_use(None)

    def show_use(self, use: StoreUse | None) -> None:
        """Show sizes; None while they are measured."""
        self._use = use
        self._state.setVisible(use is None)
        self.remove.setEnabled(use is not None and use.archived.checkpoints > 0)
        self.erase.setEnabled(use is not None and bool(use.archived.runs))
        if use is None:
            return
        rows = [("", "Runs", "All files", "Checkpoints")]
        for title, share in (("In the list", use.kept), ("Archived", use.archived)):
            rows.append((title, str(len(share.runs)), format_size(share.files), format_size(share.checkpoints)))
        rows.append(("Database", "", format_size(use.database), ""))
        for line, words in enumerate(rows):
            for column, word in enumerate(words):
                cell = self._cells.get((line, column))
                if cell is None:
                    cell = self._cells[line, column] = Muted() if line == 0 or column == 0 else Label()
                    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                    self._grid.addWidget(cell, line, column, side)
                cell.setText(word)

    def _on_remove(self) -> None:
        if self._use is not None:
            self.checkpointsRequested.emit(list(self._use.archived.runs))

    def _on_erase(self) -> None:
        if self._use is not None:
            self.eraseRequested.emit(list(self._use.archived.runs))


def ask_before(parent: QWidget, runs: Sequence[int], action: str, on_yes: Callable[[], object]) -> QMessageBox:
    """Ask before runs are erased (``action`` is ``"erase"``) or lose their checkpoints (``"checkpoints"``)."""
    subject = f"run {runs[0]}" if len(runs) == 1 else format_quantity(len(runs), "run")
    if action == "erase":
        title, button = f"Erase {subject} for good?", "Erase"
        text = "Settings, curves, metrics, notes and files are deleted. This cannot be undone."
    else:
        title, button = f"Remove the checkpoints of {subject}?", "Remove"
        text = "Settings, curves and metrics stay. Without a checkpoint a run cannot be resumed, evaluated or exported."
    return ask(parent, title, text, button, on_yes)


def ask(parent: QWidget, title: str, text: str, button: str, on_yes: Callable[[], object]) -> QMessageBox:
    """Ask before something is lost; the button that does it has to be chosen."""
    box = QMessageBox(parent)
    box.setObjectName("question")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(title)
    box.setText(title)
    box.setInformativeText(text)
    yes = box.addButton(button, QMessageBox.ButtonRole.DestructiveRole)
    yes.setObjectName("confirm")
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    yes.clicked.connect(lambda _: on_yes())
    box.open()
    return box
