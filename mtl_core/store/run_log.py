"""What runs write into the store, and what is asked of them there."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.store.database import Database
from mtl_core.store.records import Artifact, Cursor, EventRecord, Points, RequestRecord, RunRecord, Summary
from mtl_core.store.rows import artifacts, requests, run_records, runs, series

_MERGE_EVERY, _MERGE_BELOW = 128, 2**13  # flushes (about half a minute of training); points

if TYPE_CHECKING:  # whoever only reads runs need not wait for the classes of the messages
    from mtl_core.protocol.events import Event
    from mtl_core.protocol.requests import Request


class Written:
    """Series, events, requests and artifacts of runs: the half of a :class:`mtl_core.store.RunStore` for them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._flushes: Counter[int] = Counter()
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
        """Write new points of some series and bring their summaries up to date.

        Args:
            run: The run.
            points: The new points by series, in the order of their steps.
            directions: Which end is better, by metric or by series; it counts when a series begins. A loss is
                better low; a metric of which nothing is said has no best.
        """
        with self._database.writing() as connection:
            runs.lock(connection, run)
            series.append(connection, run, points, directions or {})
            self._flushes[run] += 1
            if self._flushes[run] % _MERGE_EVERY == 0:  # so that a long run can be opened fast while it lasts
                series.merge(connection, run, below=_MERGE_BELOW)

    def read(self, run: int, cursor: Cursor | None = None) -> tuple[dict[SeriesKey, Points], Cursor]:
        """What came since a cursor, by series, and the cursor to go on from.

        Args:
            run: The run.
            cursor: What the last call gave; None for everything. When the new cursor says ``reset``, points that
                were read before are no longer true: forget them all, what was returned is the whole run.
        """
        with self._database.reading() as connection:
            found = series.read(connection, run, cursor)
        if found is None:
            raise runs.no_such_run(run)
        return found

    def rewind(self, run: int, step: int | Mapping[str, int]) -> None:
        """Drop the points after a step, from which the run goes on.

        Args:
            run: The run.
            step: The last step that is kept, or that of each split.
        """
        with self._database.writing() as connection:
            runs.lock(connection, run)
            series.rewind(connection, run, step)

    def merge(self, run: int) -> None:
        """Make one chunk of all chunks of each series, which makes a run that is over fast to read."""
        with self._database.writing() as connection:
            runs.lock(connection, run)
            series.merge(connection, run)

    def summaries(self, ids: Iterable[int] | None = None) -> list[Summary]:
        """Every series of some runs in one row each, by run in the order given; None for all runs.

        Those of damaged runs are left out, and stand in :attr:`damage`.
        """
        chosen = None if ids is None else list(dict.fromkeys(ids))
        with self._database.reading() as connection:
            rows, damage = run_records.summaries(connection, chosen)
        self._note_damage((), damage)
        order = sorted(rows) if chosen is None else chosen
        return [summary for run in order for summary in rows.get(run, ())]

    def scores(
        self,
        ids: Iterable[int] | None = None,
        splits: Collection[str] = (),
        *,
        metrics: Collection[str] = (),
        directed: bool = False,
    ) -> dict[int, dict[SeriesKey, tuple[float, float]]]:
        """The best and the last value of every series of some runs: of thousands much faster than their summaries.

        Args:
            ids: The runs; None for all.
            splits: The splits; empty for all.
            metrics: The metrics; empty for all.
            directed: Whether to leave out the series of which neither end is better, which have no best value.
        """
        chosen = None if ids is None else list(dict.fromkeys(ids))
        with self._database.reading() as connection:
            scores, damage = run_records.scores(
                connection, chosen, splits, self._keys, metrics=metrics, directed=directed
            )
        self._note_damage((), damage)
        return scores

    def score_metrics(self, records: Iterable[RunRecord]) -> dict[int, Mapping[str, str]]:
        """The metric by which each task of some runs is judged, by run and task; of a damaged spec there is none.

        Runs with equal tasks share one mapping.
        """
        chosen = [record.id for record in records]
        with self._database.reading() as connection:
            return run_records.score_metrics(connection, chosen, self._score_metrics)

    @property
    def damage(self) -> dict[int, str]:
        """The runs that were left out because their rows are damaged, and what was found there."""
        return dict(self._damage)

    def _note_damage(self, whole: Iterable[int], damage: Mapping[int, str]) -> None:
        if self._damage:
            for run in whole:
                self._damage.pop(run, None)
        self._damage.update(damage)

    # --- events, requests, artifacts

    def event(self, run: int, event: "Event") -> None:
        """Write down that something happened in a run."""
        with self._database.writing() as connection:
            requests.tell(connection, run, event)

    def events(self, run: int, after: int = 0) -> list[EventRecord]:
        """What happened in a run after an event, in order."""
        with self._database.reading() as connection:
            runs.must_exist(connection, run)
            return requests.told(connection, run, after)

    def request(self, run: int, request: "Request") -> None:
        """Ask something of a run; it is honoured between two steps.

        Raises:
            InputError: The run has ended.
        """
        with self._database.writing() as connection:
            requests.ask(connection, run, request)

    def take_requests(self, run: int) -> list[RequestRecord]:
        """What was asked of a run and nobody took yet, in order; each is given to one taker only.

        What was asked before a run ended is not given to the process that resumes it.
        """
        with self._database.reading() as connection:
            if not requests.waiting(connection, run):
                return []
        with self._database.writing() as connection:
            return requests.take(connection, run)

    def add_artifact(self, run: int, kind: str, path: str | Path, data: Mapping[str, Any] | None = None) -> None:
        """Write down a file that a run left; one of the same kind and path is taken for a newer version of it."""
        with self._database.writing() as connection:
            root = artifacts.folder(connection, self._database.url, run)
            artifacts.add(connection, root, run, kind=kind, path=Path(path), data=data)

    def artifacts(self, run: int) -> list[Artifact]:
        """The files that a run left."""
        with self._database.reading() as connection:
            return artifacts.of(connection, artifacts.folder(connection, self._database.url, run), run)

    def artifacts_dir(self, run: int) -> Path:
        """The folder for the files of a run, made if it is not there and can be: ``artifacts/<run id>`` by the store.

        For a database on a server it lies below this machine's :func:`mtl_core.store.home`.
        """
        with self._database.reading() as connection:
            folder = artifacts.folder(connection, self._database.url, run)
        if not self._database.read_only:
            artifacts.make(folder, self._database.url)
        return folder
