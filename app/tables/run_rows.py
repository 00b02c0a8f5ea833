"""The rows of the runs table, read incrementally from the store on a background thread."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the store brings a database along, which the window loads on another thread
    from mtl_core.store import RunRecord, RunStore, SeriesKey

Score = tuple[float, float]
_FIRST, _NEXT = 500, 10_000
"""Runs whose metrics are read in one go, so that the table shows long before the last of ten thousand is read."""
_REST = 10.0
"""Reading the whole list may take up one part in this many of the time; between, only what is on is read."""


@dataclass(frozen=True, eq=False)
class RunRow:
    """A run and its validation and test metrics.

    Attributes:
        record: The run.
        metrics: Best and last value by series; empty until they have been read. Plain pairs under shared keys, as
            ten thousand runs of richer objects make the garbage collector stop the window for a quarter of a second.
        scores: The metric each task is judged by; empty until the metrics have been read. Shared between runs.
    """

    record: RunRecord
    metrics: Mapping[SeriesKey, Score] = field(default_factory=dict)
    scores: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunsReading:
    """The result of one read.

    Attributes:
        rows: The runs that match, newest first. A row that did not change is the same object as last time.
        complete: Whether every run's metrics are read; if not, read again at once.
        damage: The runs that are left out because the store is damaged there, and what was found.
    """

    rows: tuple[RunRow, ...]
    complete: bool
    damage: Mapping[int, str] = field(default_factory=dict)


class RunsReader:
    """Reads runs, then only those that may have changed; for use by one thread at a time."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._question: tuple[str, bool] | None = None
        self._rows: dict[int, RunRow] = {}
        self._shown: list[int] = []
        self._stale: set[int] = set()
        self._owed = True
        self._not_before = 0.0

    def read(
        self, store: RunStore, query: str = "", archived: bool = False, touched: Iterable[int] = ()
    ) -> RunsReading | None:
        """The runs that match ``query``, or None when nothing changed since the last reading.

        Args:
            store: The store.
            query: In the store's query language.
            archived: Whether archived runs are among them.
            touched: Runs that are known to have changed.

        Raises:
            InputError: The query is malformed.
        """
        with _garbage_collection_paused():
            return self._read(store, query, archived, set(touched))

    def _read(self, store: RunStore, query: str, archived: bool, touched: set[int]) -> RunsReading | None:
        store.reap()
        version, question = store.version(), (query, archived)
        other = question != self._question
        self._owed |= version != self._version
        if other or (self._owed and not touched and time.monotonic() >= self._not_before):
            self._read_all(store, query, archived)
        elif version != self._version or touched:
            self._read_some(store, query, archived, touched)
        elif not self._stale.intersection(self._shown):
            return None
        self._version, self._question = version, question
        complete = self._read_metrics(store)
        return RunsReading(tuple(self._rows[run] for run in self._shown), complete, store.damage)

    def _read_all(self, store: RunStore, query: str, archived: bool) -> None:
        begun = time.monotonic()
        self._shown = sorted((self._cached_id(r) for r in store.runs(archived=archived, query=query)), reverse=True)
        now = time.monotonic()
        self._owed, self._not_before = False, now + _REST * (now - begun)

    def _read_some(self, store: RunStore, query: str, archived: bool, touched: set[int]) -> None:
        """Read the runs that are on, those that are touched, and the ones made since."""
        on = {run for run in self._shown if not self._rows[run].record.ended}
        shown = set(self._shown)
        for run in on | touched:
            records = store.runs(archived=archived, query=f"{query} id:{run}")
            shown.discard(run)
            shown.update(self._cached_id(record) for record in records)
        newest = max(self._rows, default=0) + 1
        while store.runs(archived=True, query=f"id:{newest}"):
            shown.update(self._cached_id(r) for r in store.runs(archived=archived, query=f"{query} id:{newest}"))
            newest += 1
        self._shown = sorted(shown, reverse=True)

    def _cached_id(self, record: RunRecord) -> int:
        previous = self._rows.get(record.id)
        if previous is None or previous.record != record:
            self._rows[record.id] = replace(previous, record=record) if previous else RunRow(record)
            self._stale.add(record.id)
        return record.id

    def _read_metrics(self, store: RunStore) -> bool:
        """Read the metrics of the newest changed runs; whether none is left."""
        stale = [run for run in self._shown if run in self._stale] if self._stale else []
        batch = stale[: _FIRST if stale and stale[0] == self._shown[0] else _NEXT]
        metrics = store.scores(batch, ("val", "test"), directed=True) if batch else {}
        unscored = [self._rows[run].record for run in batch if run in metrics and not self._rows[run].scores]
        scores = store.score_metrics(unscored) if unscored else {}
        for run in batch:
            row = self._rows[run]
            self._rows[run] = RunRow(row.record, metrics.get(run, {}), row.scores or scores.get(run, {}))
        self._stale.difference_update(batch)
        return len(batch) == len(stale)


@contextmanager
def _garbage_collection_paused() -> Iterator[None]:
    """Without garbage collection: it would stop the GUI thread for every few thousand records that are built here."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
