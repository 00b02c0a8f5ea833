"""The rows of the runs table, read incrementally from the store on a background thread."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from app.tables.run_scores import leading_keys, score_sort_key

if TYPE_CHECKING:  # the store brings a database along, which the window loads on another thread
    from mtl_core.store import RunRecord, RunStore, SeriesKey

Score = tuple[float, float, float, float]
_FIRST_BATCH, _NEXT_BATCH = 500, 10_000
"""Runs whose metrics are read at once, so that the table appears long before the last of ten thousand is read."""
_MEASURED_AT_ONCE = 500
"""Runs whose files are measured at once."""
_FULL_READ_PAUSE = 10.0
"""Pause between full reads, in multiples of the time one takes; meanwhile only active runs are read."""


@dataclass(frozen=True, eq=False)
class RunRow:
    """A run, its metrics, and what columns show of it besides.

    Attributes:
        record: The run.
        metrics: Best, last, lowest and highest value by series; empty until they have been read. Plain tuples under
            shared keys, as richer objects of ten thousand runs make garbage collection block the window for a quarter
            of a second.
        scores: The score metric of each task; empty until the metrics have been read. Shared between runs.
        settings: The values of the settings that have columns, by path.
        delta_m: Δm as a fraction, if it has a column and the run has baselines.
        size: Size of its files in bytes, if it has a column.
    """

    record: RunRecord
    metrics: Mapping[SeriesKey, Score] = field(default_factory=dict)
    scores: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, float | str] = field(default_factory=dict)
    delta_m: float | None = None
    size: int | None = None

    @cached_property
    def leading(self) -> tuple[SeriesKey, ...]:
        """The series of the leading scores, which :func:`leading_keys` chooses."""
        return leading_keys(self.record.tasks, self.metrics, self.scores)

    @cached_property
    def score_order(self) -> str:
        """Sort key of the leading scores."""
        return score_sort_key(self.leading, [self.metrics[key][0] for key in self.leading])


@dataclass(frozen=True)
class RunExtras:
    """What is read of runs only for the columns that show it.

    Attributes:
        settings: Paths of settings.
        delta_m: Whether Δm is read.
        size: Whether the files are measured.
    """

    settings: frozenset[str] = frozenset()
    delta_m: bool = False
    size: bool = False


@dataclass(frozen=True)
class RunsSnapshot:
    """The result of one read.

    Attributes:
        rows: The runs that match, newest first. A row that did not change is the same object as last time.
        complete: Whether every run's metrics are read; if not, read again at once.
        damage: The runs that are omitted because their rows are damaged, and how.
    """

    rows: tuple[RunRow, ...]
    complete: bool
    damage: Mapping[int, str] = field(default_factory=dict)


class RunsReader:
    """Reads runs, then only those that may have changed; for use by one thread at a time."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._query: tuple[str, bool] | None = None
        self._rows: dict[int, RunRow] = {}
        self._listed_ids: list[int] = []
        self._stale: set[int] = set()
        self._extras = RunExtras()
        self._full_read_due = True
        self._next_full_read = 0.0

    def read(
        self,
        store: RunStore,
        query: str = "",
        archived: bool = False,
        changed_runs: Iterable[int] = (),
        extras: RunExtras | None = None,
    ) -> RunsSnapshot | None:
        """Read the runs that match ``query``; None if nothing has changed since the last read.

        Args:
            store: The store.
            query: A filter in the store's query language.
            archived: Whether archived runs are included.
            changed_runs: Runs that are known to have changed.
            extras: What else is read of them; as last time by default.

        Raises:
            InputError: The query is malformed.
        """
        with _garbage_collection_paused():
            return self._read(store, query, archived, set(changed_runs), extras or self._extras)

    def _read(
        self, store: RunStore, query: str, archived: bool, changed_runs: set[int], extras: RunExtras
    ) -> RunsSnapshot | None:
        store.reap()
        version, key = store.version(), (query, archived)
        other_query = key != self._query
        self._full_read_due |= version != self._version
        other_extras, self._extras = extras != self._extras, extras
        if other_query and self._rows:
            self._select_listed(store, query, archived)
        elif other_query or (self._full_read_due and not changed_runs and time.monotonic() >= self._next_full_read):
            self._read_all(store, query, archived)
        elif version != self._version or changed_runs:
            self._read_changed(store, query, archived, changed_runs)
        elif not (other_extras or self._has_unread()):
            return None
        is_new, self._version, self._query = version != self._version or other_extras, version, key
        complete = self._read_metrics(store)
        complete &= self._read_extras(store, is_new or other_query)
        rows = tuple(self._rows[run] for run in self._listed_ids)
        for row in rows:
            row.score_order  # noqa: B018  # kept by the row, so that the window's thread does not compute it
        return RunsSnapshot(rows, complete, store.damage)

    def _select_listed(self, store: RunStore, query: str, archived: bool) -> None:
        """Select the runs that match another filter; those already read are shown as they are until the next read."""
        ids = store.run_ids(archived=archived, query=query)
        unread = [run for run in ids if run not in self._rows or not self._rows[run].record.has_ended]
        for record in store.runs(archived=True, ids=unread) if unread else ():
            self._update_row(record)
        self._listed_ids = [run for run in ids if run in self._rows]
        self._full_read_due = True

    def _has_unread(self) -> bool:
        """Whether metrics or sizes of the listed runs are still to be read."""
        rows = self._rows
        return not self._stale.isdisjoint(self._listed_ids) or (
            self._extras.size and any(rows[run].size is None for run in self._listed_ids)
        )

    def _read_all(self, store: RunStore, query: str, archived: bool) -> None:
        begun = time.monotonic()
        self._listed_ids = sorted(
            (self._update_row(r) for r in store.runs(archived=archived, query=query)), reverse=True
        )
        now = time.monotonic()
        self._full_read_due, self._next_full_read = False, now + _FULL_READ_PAUSE * (now - begun)

    def _read_changed(self, store: RunStore, query: str, archived: bool, changed_runs: set[int]) -> None:
        """Read the active runs, those known to have changed, and those created since."""
        active = {run for run in self._listed_ids if not self._rows[run].record.has_ended}
        run_ids = set(self._listed_ids)
        for run in active | changed_runs:
            records = store.runs(archived=archived, query=query, ids=[run])
            run_ids.discard(run)
            if not records and not store.runs(archived=True, ids=[run]):
                self._rows.pop(run, None)  # erased
            run_ids.update(self._update_row(record) for record in records)
        newest = max(self._rows, default=0) + 1
        while store.runs(archived=True, ids=[newest]):
            run_ids.update(self._update_row(r) for r in store.runs(archived=archived, query=query, ids=[newest]))
            newest += 1
        self._listed_ids = sorted(run_ids, reverse=True)

    def _update_row(self, record: RunRecord) -> int:
        previous = self._rows.get(record.id)
        if previous is None or previous.record != record:
            self._rows[record.id] = replace(previous, record=record, size=None) if previous else RunRow(record)
            self._stale.add(record.id)
        return record.id

    def _read_metrics(self, store: RunStore) -> bool:
        """Read the metrics of the newest changed runs; return whether all are read now."""
        stale = [run for run in self._listed_ids if run in self._stale] if self._stale else []
        batch = stale[: _FIRST_BATCH if stale and stale[0] == self._listed_ids[0] else _NEXT_BATCH]
        metrics = store.scores(batch, directed=True) if batch else {}
        unscored = [self._rows[run].record for run in batch if run in metrics and not self._rows[run].scores]
        scores = store.score_metrics(unscored) if unscored else {}
        for run in batch:
            row = self._rows[run]
            self._rows[run] = replace(row, metrics=metrics.get(run, {}), scores=row.scores or scores.get(run, {}))
        self._stale.difference_update(batch)
        return len(batch) == len(stale)

    def _read_extras(self, store: RunStore, is_new: bool) -> bool:
        """Read what the columns show besides; return whether all is read now.

        Args:
            store: The store.
            is_new: Whether Δm may have changed.
        """
        extras, rows, listed = self._extras, self._rows, self._listed_ids
        unread = [run for run in listed if not extras.settings <= rows[run].settings.keys()]
        values = store.setting_values(extras.settings, unread) if unread else {}
        for run in unread:
            # A setting that the run does not have is an empty text, so that it is not looked for again.
            rows[run] = replace(rows[run], settings=dict.fromkeys(extras.settings, "") | values.get(run, {}))
        if extras.delta_m and is_new:
            delta_m = store.delta_m()
            for run in listed:
                if rows[run].delta_m != delta_m.get(run):
                    rows[run] = replace(rows[run], delta_m=delta_m.get(run))
        if not extras.size:
            return True
        unmeasured = [run for run in listed if rows[run].size is None]
        sizes = store.disk_use(unmeasured[:_MEASURED_AT_ONCE]) if unmeasured else {}
        for run in unmeasured[:_MEASURED_AT_ONCE]:
            rows[run] = replace(rows[run], size=sizes[run].files if run in sizes else 0)
        return len(unmeasured) <= _MEASURED_AT_ONCE


@contextmanager
def _garbage_collection_paused() -> Iterator[None]:
    """Pause garbage collection, which would block the GUI thread for every few thousand records built here."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
