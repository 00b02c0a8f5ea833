"""The rows of the runs table, read from the store on a thread that may take its time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the store brings a database along, which the window loads on another thread
    from mtl_core.store import RunRecord, RunStore, SeriesKey, Summary

_AT_ONCE = 1000
"""Runs whose metrics are read in one go, so that the table shows long before the last of ten thousand is read."""


@dataclass(frozen=True, eq=False)
class RunRow:
    """A run and the summaries of its validation and test metrics.

    Attributes:
        record: The run.
        metrics: Its summaries by series; empty until they have been read.
    """

    record: RunRecord
    metrics: Mapping[SeriesKey, Summary] = field(default_factory=dict)


@dataclass(frozen=True)
class RunsReading:
    """What one look at the store brought.

    Attributes:
        rows: The runs that match, newest first. A row that did not change is the same object as last time.
        complete: Whether every run's metrics are read; if not, read again at once.
    """

    rows: tuple[RunRow, ...]
    complete: bool


class RunsReader:
    """Reads runs and keeps what cannot change any more; for one thread at a time."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._question: tuple[str, bool] | None = None
        self._complete = False
        self._rows: dict[int, RunRow] = {}
        self._stale: set[int] = set()

    def read(self, store: RunStore, query: str = "", archived: bool = False) -> RunsReading | None:
        """The runs that match ``query``, or None when nothing changed since the last reading.

        Args:
            store: The store.
            query: In the store's query language.
            archived: Whether archived runs are among them.

        Raises:
            InputError: The query is malformed.
        """
        store.reap()
        version, question = store.version(), (query, archived)
        if version == self._version and question == self._question and self._complete:
            return None
        shown = [self._kept(record) for record in store.runs(archived=archived, query=query)]
        complete = self._read_metrics(store, shown)
        self._version, self._question, self._complete = version, question, complete
        rows = sorted((self._rows[run] for run in shown), key=lambda row: -row.record.id)
        return RunsReading(tuple(rows), complete)

    def _kept(self, record: RunRecord) -> int:
        known = self._rows.get(record.id)
        if known is None or known.record != record:
            self._rows[record.id] = RunRow(record, known.metrics if known else {})
            self._stale.add(record.id)
        return record.id

    def _read_metrics(self, store: RunStore, shown: list[int]) -> bool:
        """Read the metrics of the newest changed runs; whether none is left."""
        wanted = sorted(self._stale.intersection(shown), reverse=True)
        now = wanted[:_AT_ONCE]
        found: dict[int, dict[SeriesKey, Summary]] = {run: {} for run in now}
        for summary in store.summaries(now) if now else ():
            if summary.direction and summary.split in {"val", "test"}:
                found[summary.run][summary.key] = summary
        for run, metrics in found.items():
            self._rows[run] = RunRow(self._rows[run].record, metrics)
        self._stale.difference_update(now)
        return len(now) == len(wanted)
