"""What the menu of a plot offers at a step of a run: a fork, a note, a checkpoint that is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget
from shiboken6 import isValid

from app.forking.fork_flow import ask_fork
from app.forking.remark_dialog import RemarkDialog
from app.formatting import elide_middle
from app.session import Session
from app.widgets import escape_mnemonic
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from mtl_core.forking.checkpoint_list import RunCheckpoint
    from mtl_core.store import EventRecord, RunRecord, RunStore

_LONGEST_NOTE = 30


class StepMenu(QObject):
    """Adds to the menus of a page's plots what can be done at a step of a run.

    Args:
        session: Store and queue.
        page: The page, which owns the dialogs.
        reload: Called with a run whose notes have changed.
    """

    def __init__(self, session: Session, page: QWidget, reload: Callable[[int], object] = lambda _run: None) -> None:
        super().__init__(page)
        self._session, self._page, self._reload = session, page, reload

    def extend(
        self,
        menu: QMenu,
        run: RunRecord,
        step: float | None,
        *,
        events: Sequence[EventRecord] = (),
        reach: float = 0.0,
        is_named: bool = False,
    ) -> None:
        """Add the entries of a run.

        Args:
            menu: The menu.
            run: The run.
            step: The step under the cursor; None where there is none.
            events: The events of the run, with its notes.
            reach: Distance, in steps, at which a note can still be changed.
            is_named: Whether the run is named, as the plot has curves of several.
        """
        menu.addSeparator()
        fork = menu.addAction("Fork…", lambda: ask_fork(self._session, self._page, run.id, step=step))
        fork.setObjectName("step-fork")
        fork.setEnabled(False)
        name = f" of run {run.id}" if is_named else ""
        self._show_checkpoint(fork, run.id, step, name)
        if run.state == "running":
            keep = menu.addAction("Keep a checkpoint now", lambda: self._session.queue.keep_checkpoint(run.id))
            keep.setObjectName("step-keep-checkpoint")
        if step is not None:
            of_run = f"Note on run {run.id}, step" if is_named else "Note on step"
            menu.addAction(
                f"{of_run} {group_digits(step)}…", lambda: self._ask_note(run.id, round(step))
            ).setObjectName("step-note")
            notes = [event for event in events if event.kind == "remark" and abs(event.step - step) <= reach]
            if notes:
                self._add_note_edits(menu, min(notes, key=lambda event: abs(event.step - step)))

    def _show_checkpoint(self, action: QAction, run: int, step: float | None, name: str) -> None:
        """Name the checkpoint that a fork begins with, once it is known; without one, say so."""

        def read(store: RunStore) -> RunCheckpoint | None:
            from mtl_core.forking.checkpoint_list import checkpoint_at, list_checkpoints

            return checkpoint_at(list_checkpoints(store, run), step)

        def show(checkpoint: RunCheckpoint | None) -> None:
            if not isValid(action):
                return
            if checkpoint is None:
                where = "no checkpoint yet" if step is None else "no checkpoint at or before this step"
                action.setText(f"Fork{name} ({where})")
            else:
                action.setText(f"Fork{name} from {checkpoint.text}…")
                action.setEnabled(True)

        self._session.store.call(read, show, lambda _error: None, lane="live")

    def _ask_note(self, run: int, step: int) -> None:
        def add(text: str) -> None:
            self._write(run, lambda store: _add_remark(store, run, step, text))

        RemarkDialog(run, step, "", add, self._page).open()

    def _add_note_edits(self, menu: QMenu, note: EventRecord) -> None:
        def save(text: str | None) -> None:
            self._write(note.run, lambda store: store.edit_remark(note.run, note.id, text))

        def ask() -> None:
            RemarkDialog(note.run, note.step, note.message, save, self._page).open()

        shown = escape_mnemonic(elide_middle(note.message, _LONGEST_NOTE))
        menu.addAction(f"Edit the note “{shown}”…", ask).setObjectName("step-note-edit")
        menu.addAction(f"Remove the note “{shown}”", lambda: save(None)).setObjectName("step-note-remove")

    def _write(self, run: int, function: Callable[[RunStore], object]) -> None:
        self._session.store.call(function, lambda _none: self._reload(run), self._session.show_error, lane="live")


def _add_remark(store: RunStore, run: int, step: int, text: str) -> None:
    from mtl_core.protocol.events import RemarkEvent

    store.add_event(run, RemarkEvent(step=step, message=text))
