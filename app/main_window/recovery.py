"""Recover unsaved edits after a crash: they are saved as drafts, which the next window offers to restore."""

import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from app.formatting import format_timestamp
from app.jobs import AbandonedDraft, Draft, Drafts
from app.main_window.bars.toasts import Toasts
from app.main_window.file_actions import FileActions
from app.session import Session
from app.widgets import Banner

KEEP_MS = 1000
"""Time after an edit until its draft is saved."""


class Recovery(QObject):
    """Saves drafts of the session's document, and offers those that an earlier window left behind.

    Args:
        session: Holds the document.
        files: Asks before a document with unsaved edits is replaced.
        toasts: Shows the offers one at a time; one that is dismissed is shown again at the next start.
        parent: Owner.
    """

    def __init__(self, session: Session, files: FileActions, toasts: Toasts, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._files, self._toasts = session.document, files, toasts
        self._drafts = Drafts(parent=self)
        self._offers: list[AbandonedDraft] = []
        self._save_timer = QTimer(self, singleShot=True, interval=KEEP_MS)
        self._save_timer.timeout.connect(self._save_draft)
        self._drafts.abandonedFound.connect(self._add_offers)
        self._drafts.failed.connect(session.show_error)
        self._document.changed.connect(lambda _paths: self._schedule_draft())
        self._document.dirtyChanged.connect(lambda _dirty: self._schedule_draft())

    def find_drafts(self) -> None:
        """Look for drafts that an earlier window left behind, and offer them."""
        self._drafts.find_abandoned()

    def close(self, *, keep: bool) -> None:
        """Stop saving drafts; ``keep`` saves the last edits for the next start, otherwise the draft is deleted."""
        self._save_timer.stop()
        if keep:
            self._save_draft()
        else:
            self._drafts.remove()
        self._drafts.close()

    def _schedule_draft(self) -> None:
        """Save a draft soon, or delete it at once when the document has no unsaved edits."""
        if not self._document.dirty:
            self._save_timer.stop()
            self._drafts.remove()
        elif not self._save_timer.isActive():
            self._save_timer.start()

    def _save_draft(self) -> None:
        document = self._document
        if document.dirty:
            self._drafts.save(Draft(document.data, str(document.path or ""), document.stamp))

    # --- offers

    def _add_offers(self, drafts: list[AbandonedDraft]) -> None:
        self._offers += drafts
        self._show_next_offer()

    def _show_next_offer(self) -> None:
        if not self._offers:
            return
        abandoned = self._offers.pop(0)
        links = {"Restore": partial(self._restore, abandoned), "Discard": partial(self._discard, abandoned)}
        self._toasts.show_offer(_offer_text(abandoned.draft), links)

    def _restore(self, abandoned: AbandonedDraft, banner: Banner) -> None:
        if not self._files.may_leave():
            return
        draft = abandoned.draft
        self._document.restore(draft.data, Path(draft.path) if draft.path else None, draft.stamp)
        self._drafts.adopt(abandoned)
        self._close_offer(banner)

    def _discard(self, abandoned: AbandonedDraft, banner: Banner) -> None:
        self._drafts.discard(abandoned)
        self._close_offer(banner)

    def _close_offer(self, banner: Banner) -> None:
        banner.dismiss()
        self._show_next_offer()


def _offer_text(draft: Draft) -> str:
    name = str(draft.data.get("name") or "untitled")
    file = f" ({Path(draft.path).name})" if draft.path else ""
    when = format_timestamp(draft.when, time.time())
    return (
        f"“{name}”{file} has unsaved edits from a window that was not closed properly ({when[:1].lower()}{when[1:]})."
    )
