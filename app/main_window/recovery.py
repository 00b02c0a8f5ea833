"""Edits survive a window that breaks: they are kept as they are made and offered to the next one."""

import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from app.formatting import format_timestamp
from app.jobs import AbandonedDraft, Draft, Drafts
from app.main_window.bars.toasts import Toasts
from app.main_window.files import Files
from app.session import Session
from app.widgets import Banner

KEEP_MS = 1000
"""How long after an edit it is kept at the latest."""


class Recovery(QObject):
    """Keeps the unsaved edits of the session's document, and offers those that an earlier window left.

    Args:
        session: Whose document it is.
        files: Asks before a document with edits gives way.
        toasts: Where an offer is shown, one at a time; one that is dismissed comes again at the next start.
        parent: Owner.
    """

    def __init__(self, session: Session, files: Files, toasts: Toasts, parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._files, self._toasts = session.document, files, toasts
        self._drafts = Drafts(parent=self)
        self._left: list[AbandonedDraft] = []
        self._soon = QTimer(self, singleShot=True, interval=KEEP_MS)
        self._soon.timeout.connect(self._keep)
        self._drafts.abandonedFound.connect(self._found)
        self._drafts.failed.connect(session.show_error)
        self._document.changed.connect(lambda _paths: self._edited())
        self._document.dirtyChanged.connect(lambda _dirty: self._edited())

    def look(self) -> None:
        """Look for edits that an earlier window left."""
        self._drafts.find_abandoned()

    def close(self, *, keep: bool) -> None:
        """Keep the edits for the next start, or not: they were saved or given up."""
        self._soon.stop()
        if keep:
            self._keep()
        else:
            self._drafts.remove()
        self._drafts.close()

    def _edited(self) -> None:
        """Keep the edits soon, but give up at once what is saved: nobody should be offered it."""
        if not self._document.dirty:
            self._soon.stop()
            self._drafts.remove()
        elif not self._soon.isActive():
            self._soon.start()

    def _keep(self) -> None:
        document = self._document
        if document.dirty:
            self._drafts.save(Draft(document.data, str(document.path or ""), document.stamp))

    # --- what was left

    def _found(self, left: list[AbandonedDraft]) -> None:
        self._left += left
        self._offer()

    def _offer(self) -> None:
        """Offer the newest draft that has no answer yet."""
        if not self._left:
            return
        left = self._left.pop(0)
        links = {"Restore": partial(self._restore, left), "Discard": partial(self._discard, left)}
        self._toasts.show_offer(_words(left.draft), links)

    def _restore(self, left: AbandonedDraft, banner: Banner) -> None:
        if not self._files.may_leave():
            return
        draft = left.draft
        self._document.restore(draft.data, Path(draft.path) if draft.path else None, draft.stamp)
        self._drafts.adopt(left)
        self._answered(banner)

    def _discard(self, left: AbandonedDraft, banner: Banner) -> None:
        self._drafts.discard(left)
        self._answered(banner)

    def _answered(self, banner: Banner) -> None:
        banner.dismiss()
        self._offer()


def _words(draft: Draft) -> str:
    name = str(draft.data.get("name") or "untitled")
    file = f" ({Path(draft.path).name})" if draft.path else ""
    when = format_timestamp(draft.when, time.time())
    return (
        f"“{name}”{file} has unsaved edits from a window that was not closed properly ({when[:1].lower()}{when[1:]})."
    )
