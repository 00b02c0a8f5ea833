"""Series, events, requests and artifacts of the runs of a store."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.store.database import Database
from mtl_core.store.records import Artifact, Cursor, EventRecord, Points, RequestRecord, RunRecord, Summary
from mtl_core.store.rows import artifacts, events, requests, run_records, runs, series

if TYPE_CHECKING:  # importing the message classes would slow down listing runs
    from mtl_core.protocol.events import Event
    from mtl_core.protocol.requests import Request

_MERGE_EVERY = 128
"""Appends between two merges of chunks, about half a minute of training."""
_MERGE_BELOW = 2**13
"""Chunks with fewer points are merged while the run trains."""


class RunLog:
    """Base of :class:`mtl_core.store.RunStore` with the methods for series, events, requests and artifacts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._appends: Counter[int] = Counter()
        self._damage: dict[int, str] = {}
        self._keys: dict[tuple[str, str, str], SeriesKey] = {}
        self._score_metrics: dict[str, Mapping[str, str]] = {}

    # --- series

    def append(
        self,
        run: int,
        points: Mapping[SeriesKey, Points],
        directions: Mapping[str, Direction] | Mapping[SeriesKey, Direction] | None = None,
    ) -> None:
        """Append points to series and update their summaries.

        Args:
            run: The run.
            points: The new points by series, in the order of their steps.
            directions: Which values are better, by metric or by series; used when a series is created. A loss is
                better low; other metrics have no best value by default.
        """
        with self._database.write_transaction() as connection:
            runs.lock(connection, run)
            series.append(connection, run, points, directions or {})
            self._appends[run] += 1
            if self._appends[run] % _MERGE_EVERY == 0:  # so that a long run opens fast while it trains
                series.merge(connection, run, below=_MERGE_BELOW)

    def read(self, run: int, cursor: Cursor | None = None) -> tuple[dict[SeriesKey, Points], Cursor]:
        """Return the points since a cursor, by series, and the next cursor.

        Args:
            run: The run.
            cursor: Cursor of the last call; None for all points. If the new cursor has ``reset`` set, points that were
                read before are no longer valid, and all points of the run are returned.
        """
        with self._database.read_transaction() as connection:
            result = series.read(connection, run, cursor)
        if result is None:
            raise runs.missing_run_error(run)
        return result

    def rewind(self, run: int, step: int | Mapping[str, int]) -> None:
        """Drop the points after the step from which a run is resumed.

        Args:
            run: The run.
            step: The last step to keep, for all splits or by split.
        """
        with self._database.write_transaction() as connection:
            runs.lock(connection, run)
            series.rewind(connection, run, step)

    def merge(self, run: int) -> None:
        """Merge all chunks of each series, so that an ended run is fast to read."""
        with self._database.write_transaction() as connection:
            runs.lock(connection, run)
            series.merge(connection, run)

    def summaries(self, ids: Iterable[int] | None = None) -> list[Summary]:
        """Return the summaries of runs, in the order of ``ids``; None for all runs.

        Those of damaged runs are left out; see :attr:`damage`.
        """
        run_ids = None if ids is None else list(dict.fromkeys(ids))
        with self._database.read_transaction() as connection:
            rows, damage = run_records.select_summaries(connection, run_ids)
        self._note_damage((), damage)
        order = sorted(rows) if run_ids is None else run_ids
        return [summary for run in order for summary in rows.get(run, ())]

    def scores(
        self,
        ids: Iterable[int] | None = None,
        splits: Collection[str] = (),
        *,
        metrics: Collection[str] = (),
        directed: bool = False,
    ) -> dict[int, dict[SeriesKey, run_records.Score]]:
        """Return best, last, lowest and highest value of every series, by run; faster than summaries.

        Args:
            ids: The runs; None for all.
            splits: The splits; empty for all.
            metrics: The metrics; empty for all.
            directed: Whether to leave out series without a direction, which have no best value.
        """
        run_ids = None if ids is None else list(dict.fromkeys(ids))
        with self._database.read_transaction() as connection:
            scores, damage = run_records.select_scores(
                connection, run_ids, splits, self._keys, metrics=metrics, directed=directed
            )
        self._note_damage((), damage)
        return scores

    def score_metrics(self, records: Iterable[RunRecord]) -> dict[int, Mapping[str, str]]:
        """Return the score metric of each task, by run and task; runs with a damaged spec are left out.

        Runs with equal tasks share one mapping.
        """
        run_ids = [record.id for record in records]
        with self._database.read_transaction() as connection:
            return run_records.select_score_metrics(connection, run_ids, self._score_metrics)

    @property
    def damage(self) -> dict[int, str]:
        """The runs that were left out because their rows are damaged, with a description of the damage."""
        return dict(self._damage)

    def _note_damage(self, intact: Iterable[int], damage: Mapping[int, str]) -> None:
        if self._damage:
            for run in intact:
                self._damage.pop(run, None)
        self._damage.update(damage)

    # --- events, requests, artifacts

    def add_event(self, run: int, event: "Event") -> None:
        """Add an event to a run."""
        with self._database.write_transaction() as connection:
            events.insert(connection, run, event)

    def edit_remark(self, run: int, event: int, text: str | None) -> None:
        """Change the text of a person's note on a step, which is an event; None removes it.

        Raises:
            InputError: The run has no such note.
        """
        with self._database.write_transaction() as connection:
            events.edit(connection, run, event, text)

    def events(self, run: int, after: int = 0) -> list[EventRecord]:
        """Return the events of a run with ids above ``after``, in order."""
        with self._database.read_transaction() as connection:
            runs.check_exists(connection, run)
            return events.select(connection, run, after)

    def add_request(self, run: int, request: "Request") -> None:
        """Add a request to a run, which handles it between two steps.

        Raises:
            InputError: The run has ended.
        """
        with self._database.write_transaction() as connection:
            requests.insert(connection, run, request)

    def take_requests(self, run: int) -> list[RequestRecord]:
        """Return the pending requests of a run, in order; each is returned only once.

        Requests from before the end of a run are not returned to the process that resumes it.
        """
        with self._database.read_transaction() as connection:
            if not requests.has_pending(connection, run):
                return []
        with self._database.write_transaction() as connection:
            return requests.take(connection, run)

    def add_artifact(self, run: int, kind: str, path: str | Path, data: Mapping[str, Any] | None = None) -> None:
        """Add a file of a run; one with the same kind and path is a newer version of it."""
        with self._database.write_transaction() as connection:
            root = artifacts.find_folder(connection, self._database.url, run)
            artifacts.upsert(connection, root, run, kind=kind, path=Path(path), data=data)

    def artifacts(self, run: int) -> list[Artifact]:
        """Return the files of a run."""
        with self._database.read_transaction() as connection:
            return artifacts.select(connection, artifacts.find_folder(connection, self._database.url, run), run)

    def artifacts_dir(self, run: int) -> Path:
        """Return the folder for the files of a run, created if possible: ``artifacts/<run id>`` beside the store.

        For a database on a server it is below this machine's :func:`mtl_core.store.home`.
        """
        with self._database.read_transaction() as connection:
            folder = artifacts.find_folder(connection, self._database.url, run)
        if not self._database.read_only:
            artifacts.make_folder(folder, self._database.url)
        return folder
