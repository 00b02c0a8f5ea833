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
        session.compareChanged.connect(self._keep)
        if session.settings.get(_KEY) and not session.compared:
            session.store.call(_run_ids, self._compare)

    def _compare(self, existing: frozenset[int]) -> None:
        runs = remembered_runs(self._session.settings.get(_KEY), self._session.store.url)
        remembered = [run for run in runs if run in existing]
        if remembered and not self._session.compared:  # else a person was quicker
            self._session.compare(remembered)

    def _keep(self, runs: Sequence[int]) -> None:
        self._session.settings.put(_KEY, "\n".join([self._session.store.url, *map(str, runs)]))


def _run_ids(store: RunStore) -> frozenset[int]:
    return frozenset(record.id for record in store.runs(archived=True))


def remembered_runs(text: str, url: str) -> list[int]:
    """The runs in a remembered text; none where they are of another store or it cannot be read."""
    store, *runs = text.split("\n")
    return [int(run) for run in runs if run.isdecimal()] if store == url else []
