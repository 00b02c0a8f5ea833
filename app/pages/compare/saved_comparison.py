"""Save the compared runs per store in the settings and restore them at the next start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from app.session import Session
    from mtl_core.store import RunStore

_KEY = "page/compare/runs"


class SavedComparison(QObject):
    """Saves the compared runs and, at the start, restores those that still exist."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._unsaved: Sequence[int] | None = None
        session.compareChanged.connect(self._save)
        session.store.opened.connect(self._save_unsaved)
        if session.settings.get(_KEY) and not session.compared:
            session.store.call(_run_ids, self._restore)

    def _restore(self, existing: frozenset[int]) -> None:
        runs = parse_runs(self._session.settings.get(_KEY), self._session.store.url)
        saved_runs = [run for run in runs if run in existing]
        if saved_runs and not self._session.compared:  # else other runs were chosen meanwhile
            self._session.compare(saved_runs)

    def _save(self, runs: Sequence[int]) -> None:
        url = self._session.store.url
        self._unsaved = None if url else runs  # the URL is known once the store is open
        if url:
            self._session.settings.put(_KEY, "\n".join([url, *map(str, runs)]))

    def _save_unsaved(self) -> None:
        if self._unsaved is not None:
            self._save(self._unsaved)


def _run_ids(store: RunStore) -> frozenset[int]:
    return frozenset(record.id for record in store.runs(archived=True))


def parse_runs(text: str, url: str) -> list[int]:
    """Read the runs from a saved text; none if it belongs to another store or is malformed."""
    store, *runs = text.split("\n")
    return [int(run) for run in runs if run.isdecimal()] if store == url else []
