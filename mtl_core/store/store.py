"""The store as everything else sees it."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from mtl_core.errors import EnvironmentFault, InputError, StoreError, WorkerError, shorten
from mtl_core.plugins import missing_package
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.states import END_STATES, RUN_STATES, EndState, RunState
from mtl_core.store import processes, schema, sqlite, urls
from mtl_core.store.database import Access, Changes, Database
from mtl_core.store.records import RunRecord
from mtl_core.store.rows import artifacts, filters, lifecycle, run_records, runs
from mtl_core.store.rows.damage import error_of
from mtl_core.store.run_log import Written
from mtl_core.store.tables import RUN

if TYPE_CHECKING:  # whoever only reads runs need not wait for the classes of the spec
    from mtl_core.spec import ExperimentSpec, Member

log = logging.getLogger(__name__)


def open_store(place: str | Path | None = None, *, create: bool = True, allow_read_only: bool = False) -> "RunStore":
    """Open a store, making it or bringing it up to date as needed.

    Args:
        place: A path of an SQLite file, any SQLAlchemy URL, or None for ``$MTL_WORKBENCH_HOME/runs.sqlite``.
        create: Whether to make a file that is not there.
        allow_read_only: Whether a store that cannot be written to, as on a read-only medium or a full disk, is
            opened all the same; everything that would change it then raises ``EnvironmentFault``.

    Raises:
        InputError: It is a directory or not a store; it is left as it was.
        StoreError: It is damaged, locked, or of a newer version; or of an older one, and cannot be written to.
        EnvironmentFault: It cannot be written to or opened.
    """
    url = urls.url_of(place)
    try:
        schema.check_file(url, create=create)
        return _open(url, "write")
    except EnvironmentFault:
        if not allow_read_only or urls.file_of(url) is None:
            raise
    return _open_read_only(url)


def _open(url: sa.URL, access: Access) -> "RunStore":
    database = Database(url, access)
    try:
        schema.bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    database.watch_file()
    return RunStore(database)


def _open_read_only(url: sa.URL) -> "RunStore":
    """Open a store that cannot be written to; where SQLite can make no log beside it, without one."""
    schema.check_file(url, create=False, write=False)
    try:
        return _open(url, "read")
    except EnvironmentFault:
        schema.check_log(url)
        return _open(url, "immutable")


class RunStore(Written):
    """Runs and all that is known of them, in one database; see :mod:`mtl_core.store` for what lies in it.

    One object may be used by many threads, one database by many processes. Each method is one transaction. A method
    that is given the number of a run raises ``InputError`` when the store has no such run; every method raises
    ``EnvironmentFault`` when the disk is full or the file may not be written to, and ``StoreError`` when the database
    is damaged, deleted, locked or does not answer.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._changes = Changes(database)
        self._clock = lifecycle.TrainingClock()

    @property
    def url(self) -> str:
        """The URL to open the same store with, from whatever folder; it holds the password if there is one."""
        return self._database.url.render_as_string(hide_password=False)

    @property
    def name(self) -> str:
        """The path of its file, or its URL without a password, to show to people."""
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
        spec: "ExperimentSpec",
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
            artifacts.make_folder(connection, self._database.url, run)
        return run

    def create_study(self, members: "Iterable[Member]", first: int | None = None) -> list[int]:
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
                artifacts.make_folder(connection, self._database.url, run)
                first = runs.join_study(connection, run, first)
                numbers.append(run)
        return numbers

    def run(self, run: int) -> RunRecord:
        """One run."""
        with self._database.reading() as connection:
            return run_records.one(connection, run)

    def runs(self, *, archived: bool = False, query: str = "") -> list[RunRecord]:
        """The runs, newest first; damaged ones are left out and stand in :attr:`damage`.

        Args:
            archived: Whether archived runs are among them.
            query: A filter such as ``state:finished task:left training.epochs>10``; see
                :mod:`mtl_core.store.rows.filters`.

        Raises:
            InputError: The filter is malformed.
        """
        conditions = filters.conditions(query)
        if not archived:
            conditions.append(RUN.c.archived.is_(False))
        with self._database.reading() as connection:
            records, damage = run_records.select(connection, *conditions)
        self._note_damage((record.id for record in records), damage)
        return records

    def spec(self, run: int) -> "ExperimentSpec":
        """What was to be run, brought up to the present version of the spec.

        Raises:
            InputError: A package that it needs is not installed.
            StoreError: What is stored is no longer a valid spec.
        """
        from mtl_core.spec import spec_from_data

        data = self.spec_data(run)
        try:
            return spec_from_data(data, f"run {run}")
        except InputError as error:
            if missing := missing_package(error.problems, self.run(run).versions):
                raise missing from None
            raise StoreError.of(error.problems) from None

    def spec_data(self, run: int) -> dict[str, Any]:
        """What was to be run, as it was written then."""
        with self._database.reading() as connection:
            data: dict[str, Any] | None = connection.scalar(sa.select(RUN.c.spec).where(RUN.c.id == run))
            if data is None:
                runs.must_exist(connection, run)
        if not isinstance(data, dict):
            raise error_of(run, f"spec {shorten(data, 40)}")
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
        library = {"sqlite": sqlite.describe()} if self._database.is_sqlite else {}
        columns: dict[str, Any] = {"device": device, "versions": {**versions, **library}}
        if fingerprint is not None:
            columns["fingerprint"] = fingerprint
        with self._database.writing() as connection:
            lifecycle.claim(connection, run, pid=pid, host=host, **columns)
        self._clock.start(run)

    def check_free(self, run: int) -> None:
        """See that a run may be claimed, and change nothing.

        Raises:
            InputError: There is no such run, it has finished, or a living process trains it.
        """
        with self._database.reading() as connection:
            lifecycle.check_free(runs.look(connection, run))

    def set_fingerprint(self, run: int, fingerprint: str) -> None:
        """Write down the digest of the data of a run."""
        with self._database.writing() as connection:
            runs.change(connection, run, fingerprint=fingerprint)

    def beat(self, run: int, progress: Progress) -> None:
        """Report, from the process that trains a run, that it lives and how far it has come."""
        with self._clock.lap(run) as seconds, self._database.writing() as connection:
            lifecycle.beat(connection, run, progress, seconds)

    def set_state(self, run: int, state: RunState) -> None:
        """Set the state of a run that has not ended: queued, running or paused."""
        if state not in RUN_STATES:
            raise ValueError(f"state must be one of {RUN_STATES}, found {state!r}")
        with self._database.writing() as connection:
            lifecycle.set_state(connection, run, state)

    def finish(self, run: int, state: EndState, error: str = "", *, archive: bool = False) -> None:
        """Write that a run is over: finished, stopped, failed or interrupted.

        Args:
            run: The run.
            state: How it ended.
            error: Why it failed, in one line.
            archive: Whether to archive it with that.
        """
        if state not in END_STATES:
            raise ValueError(f"state must be one of {END_STATES}, found {state!r}")
        with self._clock.lap(run) as seconds, self._database.writing() as connection:
            lifecycle.end(connection, run, state, error, seconds)
            if archive:
                runs.change(connection, run, archived=True)

    def reap(self) -> list[int]:
        """Mark the runs whose process died as interrupted; which they are.

        A process of this machine is looked up; one of another machine is taken for dead after 15 s without a
        heartbeat. On a store that cannot be written to none is marked.
        """
        with self._database.reading() as connection:
            dead = lifecycle.dead(connection)
        if not dead or self._database.read_only:
            return []
        try:
            with self._database.writing() as connection:
                return lifecycle.reap(connection, dead)
        except EnvironmentFault as error:  # whoever only reads must not fail on it
            log.warning("runs whose process died cannot be marked as interrupted: %s", error)
            return []

    def kill(self, run: int) -> None:
        """End the process that trains a run at once; the run is interrupted and can go on from its last checkpoint.

        Raises:
            InputError: The run is not being trained, or is trained on another machine.
            WorkerError: Its process does not end.
        """
        with self._database.writing() as connection:
            pid, begun = lifecycle.owner(connection, run)
        if not processes.kill(pid, begun):
            raise WorkerError(f"run {run}", "its process does not end", found=pid)
        self.reap()
