"""The store as everything else sees it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from mtl_core.spec import ExperimentSpec, InputError, Member, spec_from_data
from mtl_core.store import files, filters, life, places, processes, requests, runs, schema, series
from mtl_core.store.database import Changes, Database
from mtl_core.store.records import (
    END_STATES,
    RUN_STATES,
    Artifact,
    Cursor,
    Direction,
    EndState,
    EventKind,
    EventRecord,
    Points,
    Progress,
    RequestKind,
    RequestRecord,
    RunRecord,
    RunState,
    SeriesKey,
    Summary,
)
from mtl_core.store.tables import RUN

_MERGE_EVERY, _MERGE_BELOW = 128, 2**13  # flushes (about half a minute of training); points


def open_store(place: str | Path | None = None, *, create: bool = True) -> "RunStore":
    """Open a store, making it or bringing it up to date as needed.

    Args:
        place: A path of an SQLite file, any SQLAlchemy URL, or None for ``$MTL_WORKBENCH_HOME/runs.sqlite``.
        create: Whether to make a file that is not there.

    Raises:
        InputError: It is a directory, not a store, of a newer version, or cannot be written; it is left as it was.
    """
    url = places.url_of(place)
    schema.check_file(url, create=create)
    database = Database(url)
    try:
        schema.bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    return RunStore(database)


class RunStore:
    """Runs and all that is known of them, in one database; see :mod:`mtl_core.store` for what lies in it.

    One object may be used by many threads, one database by many processes. Each method is one transaction. A method
    that is given the number of a run raises ``InputError`` when the store has no such run; every method does when
    the disk is full, the file may not be written to or the database does not answer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changes = Changes(database)
        self._flushes: Counter[int] = Counter()

    @property
    def url(self) -> str:
        """The URL to open the same store with, from whatever folder; it holds the password if there is one."""
        return self._database.url.render_as_string(hide_password=False)

    @property
    def name(self) -> str:
        """The store for people: the path of its file, or its URL without a password."""
        return self._database.name

    def close(self) -> None:
        """Close every connection."""
        self._changes.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def version(self) -> int:
        """A number that differs from the last one if anything may have been written meanwhile, by whomever; cheap."""
        return self._changes.version()

    # --- runs

    def create_run(
        self,
        spec: ExperimentSpec,
        *,
        device: str = "",
        versions: Mapping[str, str] | None = None,
        parent: int | None = None,
    ) -> int:
        """Add a queued run.

        Args:
            spec: What is to be run.
            device: The device it is meant for.
            versions: Versions of the libraries, where known already.
            parent: The run that it runs again.

        Returns:
            Its number.
        """
        with self._database.writing() as connection:
            run = runs.insert(connection, spec, device=device, versions=versions, parent=parent)
            files.make_folder(connection, self._database.url, run)
        return run

    def create_study(self, members: Iterable[Member], first: int | None = None) -> list[int]:
        """Add queued runs that belong together: seeds of one experiment, and its single-task baselines.

        Args:
            members: The runs, in the order in which they are to train.
            first: A run whose study they join, and which begins one if it is in none; without it the first of them
                begins one.

        Returns:
            Their numbers. The study goes by the number of the run that began it.

        Raises:
            InputError: There is no run ``first``.
        """
        numbers: list[int] = []
        with self._database.writing() as connection:
            for member in members:
                run = runs.insert(connection, member.spec, baseline=member.baseline)
                files.make_folder(connection, self._database.url, run)
                first = runs.join_study(connection, run, first)
                numbers.append(run)
        return numbers

    def run(self, run: int) -> RunRecord:
        """One run."""
        with self._database.reading() as connection:
            return runs.one(connection, run)

    def runs(self, *, archived: bool = False, query: str = "") -> list[RunRecord]:
        """The runs, newest first.

        Args:
            archived: Whether archived runs are among them.
            query: A filter such as ``state:finished task:left training.epochs>10``; see
                :mod:`mtl_core.store.filters`.

        Raises:
            InputError: The filter is malformed.
        """
        conditions = filters.conditions(query)
        if not archived:
            conditions.append(RUN.c.archived.is_(False))
        with self._database.reading() as connection:
            return runs.select(connection, *conditions)

    def spec(self, run: int) -> ExperimentSpec:
        """What was to be run, brought up to the present version of the spec."""
        return spec_from_data(self.spec_data(run), f"run {run}")

    def spec_data(self, run: int) -> dict[str, Any]:
        """What was to be run, as it was written then."""
        with self._database.reading() as connection:
            data: dict[str, Any] | None = connection.scalar(sa.select(RUN.c.spec).where(RUN.c.id == run))
        if data is None:
            raise runs.no_such_run(run)
        return data

    def edit(
        self,
        run: int,
        *,
        name: str | None = None,
        tags: Iterable[str] | None = None,
        notes: str | None = None,
        starred: bool | None = None,
        archived: bool | None = None,
    ) -> None:
        """Change what people say about a run; None leaves a thing as it is.

        Raises:
            InputError: The name is empty.
        """
        if name is not None and not name.strip():
            raise InputError(f"run {run}", "a run needs a name")
        given = {"name": name, "notes": notes, "starred": starred, "archived": archived}
        columns = {key: value for key, value in given.items() if value is not None}
        with self._database.writing() as connection:
            runs.lock(connection, run)
            if columns:
                runs.change(connection, run, **columns)
            if tags is not None:
                runs.set_tags(connection, run, tags)

    # --- the life of a run

    def claim(
        self,
        run: int,
        *,
        pid: int,
        host: str,
        device: str,
        versions: Mapping[str, str],
        fingerprint: str | None = None,
    ) -> None:
        """Make a process the one that trains a run, which is running from now on.

        Raises:
            InputError: The run has finished, or another living process trains it.
        """
        columns: dict[str, Any] = {"device": device, "versions": dict(versions)}
        if fingerprint is not None:
            columns["fingerprint"] = fingerprint
        with self._database.writing() as connection:
            life.claim(connection, run, pid=pid, host=host, **columns)

    def check_free(self, run: int) -> None:
        """See that a run may be claimed, and change nothing.

        Raises:
            InputError: There is no such run, it has finished, or a living process trains it.
        """
        with self._database.reading() as connection:
            life.check_free(runs.look(connection, run))

    def set_fingerprint(self, run: int, fingerprint: str) -> None:
        """Write down the digest of the data of a run."""
        with self._database.writing() as connection:
            runs.change(connection, run, fingerprint=fingerprint)

    def beat(self, run: int, progress: Progress) -> None:
        """Report, from the process that trains a run, that it lives and how far it has come."""
        with self._database.writing() as connection:
            life.beat(connection, run, progress)

    def set_state(self, run: int, state: RunState) -> None:
        """Set the state of a run that has not ended: queued, running or paused."""
        if state not in RUN_STATES:
            raise ValueError(f"state must be one of {RUN_STATES}, found {state!r}")
        with self._database.writing() as connection:
            life.set_state(connection, run, state)

    def finish(self, run: int, state: EndState, error: str = "") -> None:
        """Write that a run is over: finished, stopped, failed or interrupted."""
        if state not in END_STATES:
            raise ValueError(f"state must be one of {END_STATES}, found {state!r}")
        with self._database.writing() as connection:
            life.end(connection, run, state, error)

    def reap(self) -> list[int]:
        """Mark the runs whose process died as interrupted; which they are.

        A process of this machine is looked up; one of another machine is taken for dead after 15 s without a
        heartbeat.
        """
        with self._database.reading() as connection:
            dead = life.dead(connection)
        if not dead:
            return []
        with self._database.writing() as connection:
            return life.reap(connection, dead)

    def kill(self, run: int) -> None:
        """End the process that trains a run at once; the run is interrupted and can go on from its last checkpoint.

        Raises:
            InputError: The run is not being trained, is trained on another machine, or its process does not end.
        """
        with self._database.writing() as connection:
            pid, begun = life.owner(connection, run)
        if not processes.kill(pid, begun):
            raise InputError(f"run {run}", "its process does not end", found=pid)
        self.reap()

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
        """Every series of some runs in one row each, by run in the order given; None for all runs."""
        rows: dict[int, list[Summary]] = {}
        chosen = None if ids is None else list(dict.fromkeys(ids))
        with self._database.reading() as connection:
            for row in runs.summaries(connection, chosen):
                rows.setdefault(row.run, []).append(row)
        order = sorted(rows) if chosen is None else chosen
        return [summary for run in order for summary in rows.get(run, ())]

    # --- events, requests, artifacts

    def event(self, run: int, step: int, kind: EventKind, message: str, data: Mapping[str, Any] | None = None) -> None:
        """Write down that something happened in a run."""
        with self._database.writing() as connection:
            requests.tell(connection, run, step=step, kind=kind, message=message, data=data)

    def events(self, run: int, after: int = 0) -> list[EventRecord]:
        """What happened in a run after an event, in order."""
        with self._database.reading() as connection:
            runs.must_exist(connection, run)
            return requests.told(connection, run, after)

    def request(self, run: int, kind: RequestKind, payload: Mapping[str, Any] | None = None) -> None:
        """Ask something of a run; it is honoured between two steps.

        Raises:
            InputError: The run has ended.
        """
        with self._database.writing() as connection:
            requests.ask(connection, run, kind, payload or {})

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
            root = files.folder(connection, self._database.url, run)
            files.add(connection, root, run, kind=kind, path=Path(path), data=data)

    def artifacts(self, run: int) -> list[Artifact]:
        """The files that a run left."""
        with self._database.reading() as connection:
            return files.of(connection, files.folder(connection, self._database.url, run), run)

    def artifacts_dir(self, run: int) -> Path:
        """The folder for the files of a run, made if it is not there: ``artifacts/<run id>`` beside the store.

        For a database on a server it lies below this machine's :func:`mtl_core.store.home`.
        """
        with self._database.reading() as connection:
            folder = files.folder(connection, self._database.url, run)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(str(folder), "the folder cannot be made", found=error.strerror) from None
        return folder
