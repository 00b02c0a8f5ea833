"""The checkpoints and other files of a run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.formatting import format_timestamp
from app.forms import discard
from app.pages.runs.panel_parts import heading
from app.theme import GAP
from app.widgets import Label, LinkButton, Muted, ToolButton
from mtl_core.text import format_size

if TYPE_CHECKING:
    from mtl_core.forking.checkpoint_list import RunCheckpoint


class FilesView(QWidget):
    """Lists checkpoints with their actions, and other files.

    ``forkRequested(int)`` and ``removeRequested(object)`` carry the artifact of a checkpoint, or the checkpoint.
    """

    forkRequested = Signal(int)
    removeRequested = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("run-files")
        self.setAccessibleName("Checkpoints and files")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GAP)
        self._shown: object = None

    def clear(self) -> None:
        """Show nothing."""
        self._shown = None
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                discard(widget)

    def show_files(
        self,
        checkpoints: Sequence[RunCheckpoint],
        artifacts: Sequence[tuple[str, int]],
        folder: str,
        *,
        has_ended: bool,
    ) -> None:
        """Show the files of a run.

        Args:
            checkpoints: The checkpoints, by their steps.
            artifacts: Name and size of each other file.
            folder: Where they lie; empty if that is not on this machine.
            has_ended: Whether the run has ended, so that a checkpoint can be removed.
        """
        shown = (tuple(checkpoints), tuple(artifacts), folder, has_ended)
        if shown == self._shown:
            return
        self.clear()
        self._shown = shown
        self._column.addWidget(heading("Checkpoints"))
        for checkpoint in reversed(checkpoints):
            self._column.addWidget(self._checkpoint_row(checkpoint, has_ended=has_ended))
        if not checkpoints:
            self._column.addWidget(Muted("None on this machine.", wrap=True))
        if artifacts:
            self._column.addWidget(heading("Other files"))
        for name, size in artifacts:
            label = Label(f"{name} · {format_size(size)}", wrap=True)
            self._column.addWidget(label)
        if folder:
            link = LinkButton("Open the folder", partial(_open_folder, folder), name="run-open-folder")
            self._column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)

    def _checkpoint_row(self, checkpoint: RunCheckpoint, *, has_ended: bool) -> QWidget:
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        text = checkpoint.text
        epoch = "" if checkpoint.epoch is None else f"epoch {checkpoint.epoch} · "
        state = "" if checkpoint.is_whole else "weights alone · "
        when = format_timestamp(checkpoint.time, time.time())
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(Label(text[0].upper() + text[1:]))
        column.addWidget(Muted(f"{epoch}{state}{format_size(checkpoint.size)} · {when}", wrap=True))
        row.addLayout(column, 1)
        name = f"{checkpoint.kind}-{checkpoint.step}"
        fork = ToolButton(
            "git-branch",
            "Fork: train a new run from here",
            partial(self.forkRequested.emit, checkpoint.artifact),
            name=f"fork-{name}",
        )
        remove = ToolButton(
            "trash",
            "Delete this checkpoint",
            partial(self.removeRequested.emit, checkpoint),
            name=f"remove-{name}",
        )
        remove.setEnabled(has_ended)
        for button in (fork, remove):
            row.addWidget(button)
        return whole


def _open_folder(folder: str) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(folder))
