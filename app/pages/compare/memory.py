"""Which runs were compared, remembered between starts for each store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from app.session import Session
    from mtl_core.store import RunStore

_KEY = "page/compare/runs"


class RunMemory(QObject):
    """Keeps the compared runs, and at the start compares those again that are still there."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        session.compareChanged.connect(self._keep)
        if session.settings.get(_KEY) and not session.compared:
            session.store.call(_numbers, self._compare)

    def _compare(self, there: frozenset[int]) -> None:
        runs = remembered_runs(self._session.settings.get(_KEY), self._session.store.url)
        known = [run for run in runs if run in there]
        if known and not self._session.compared:  # else a person was quicker
            self._session.compare(known)

    def _keep(self, runs: Sequence[int]) -> None:
        self._session.settings.put(_KEY, "\n".join([self._session.store.url, *map(str, runs)]))


def _numbers(store: RunStore) -> frozenset[int]:
    return frozenset(record.id for record in store.runs(archived=True))


def remembered_runs(text: str, url: str) -> list[int]:
    """The runs in a remembered text; none where they are of another store or it cannot be read."""
    store, *runs = text.split("\n")
    return [int(run) for run in runs if run.isdecimal()] if store == url else []
