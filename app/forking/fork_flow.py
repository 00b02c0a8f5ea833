"""Reads what a fork can begin with, asks how it shall go on, and starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from app.forking.fork_dialog import ForkDialog
from app.navigation import Page
from app.session import Session
from mtl_core.spec import ExperimentSpec

if TYPE_CHECKING:
    from mtl_core.forking.checkpoint_list import RunCheckpoint
    from mtl_core.store import RunStore

_Choices = tuple["list[RunCheckpoint]", "RunCheckpoint", ExperimentSpec, str]


def ask_fork(
    session: Session, parent: QWidget, run: int, *, step: float | None = None, artifact: int | None = None
) -> None:
    """Ask how a fork of a run shall go on, and start it.

    Args:
        session: Store and queue.
        parent: Owner of the dialog.
        run: The run.
        step: The last checkpoint at or before this step is proposed; without it the last one of the run.
        artifact: The checkpoint with this artifact is proposed.
    """

    def read(store: RunStore) -> _Choices:
        from mtl_core.forking.checkpoint_list import checkpoint_at, find_checkpoint, list_checkpoints
        from mtl_core.forking.fork_settings import length_dependence

        checkpoints, spec = list_checkpoints(store, run), store.spec(run)
        chosen = next((checkpoint for checkpoint in checkpoints if checkpoint.artifact == artifact), None)
        chosen = chosen or checkpoint_at(checkpoints, step) or find_checkpoint(store, run)
        return checkpoints, chosen, spec, length_dependence(spec)

    def start(checkpoint: RunCheckpoint, spec: ExperimentSpec) -> None:
        session.queue.start_fork(checkpoint, spec)
        session.open_page(Page.LIVE)

    def show(choices: _Choices) -> None:
        checkpoints, chosen, spec, note = choices
        if isValid(parent):
            ForkDialog(checkpoints, chosen, spec, start, length_note=note, parent=parent).open()

    session.store.call(read, show, session.show_error, lane="live")
