"""The store of runs."""

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from mtl_core.errors import EnvironmentFault, InputError, StoreError, WorkerError, shorten
from mtl_core.plugins import missing_package
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.states import END_STATES, RUN_STATES, EndState, RunState
from mtl_core.store import processes, sqlite
from mtl_core.store.database import ChangeDetector, Database
from mtl_core.store.records import RunRecord
from mtl_core.store.rows import artifacts, lifecycle, run_records, runs
from mtl_core.store.rows.damage import damage_error
from mtl_core.store.run_list import RunList
from mtl_core.store.run_transfer import RunTransfer
from mtl_core.store.tables import RUN

if TYPE_CHECKING:  # importing the classes of the spec would slow down listing runs
    from mtl_core.spec import ExperimentSpec, StudyRun

log = logging.getLogger(__name__)


class RunStore(RunTransfer, RunList):
    """The runs of a database and all their data; see :mod:`mtl_core.store` for the tables.

    One object may be used by several threads, one database by several processes. Each method is one transaction.
    Methods that take the number of a run raise ``InputError`` if the store has no such run. Every method raises
    ``EnvironmentFault`` if the disk is full or the file cannot be written to, and ``StoreError`` if the database is
    damaged, deleted or locked, or does not answer.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._change_detector = ChangeDetector(database)
        self._clock = lifecycle.TrainingClock()

    @property
    def url(self) -> str:
        """URL that opens the same store from any folder; contains the password if there is one."""
        return self._database.url.render_as_string(hide_password=False)

    @property
    def name(self) -> str:
        """Path of the file, or the URL without a password, for messages."""
        return self._database.name

    def close(self) -> None:
        """Close every connection."""
        self._change_detector.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def version(self) -> int:
        """Return a number that changes if any process may have written to the database; cheap."""
        return self._change_detector.version()

    # --- runs

    def create_run(
        self,
        spec: "ExperimentSpec",
        *,
        device: str = "",
        versions: Mapping[str, str] | None = None,
        parent: int | None = None,
    ) -> int:
        """Create a queued run.

        Args:
            spec: Its experiment.
            device: The device it is meant for.
            versions: Versions of the libraries, if already known.
            parent: The run that it repeats.

        Returns:
            Its number.
        """
        with self._database.write_transaction() as connection:
            run = runs.insert(connection, spec, device=device, versions=versions, parent=parent)
            artifacts.assign_folder(connection, self._database.url, run)
        return run

    def create_study(self, members: "Iterable[StudyRun]", first: int | None = None) -> list[int]:
        """Create the queued runs of a study: seeds of one experiment, and its single-task baselines.

        Args:
            members: The runs, in the order in which they train.
            first: An existing run whose study they join; it starts one if it is in none. Without it the first of the
                new runs starts one.

        Returns:
            Their numbers. The number of the study is that of the run that started it.

        Raises:
            InputError: There is no run ``first``.
        """
        numbers: list[int] = []
        with self._database.write_transaction() as connection:
            for member in members:
                run = runs.insert(connection, member.spec, baseline=member.baseline)
                artifacts.assign_folder(connection, self._database.url, run)
                first = runs.join_study(connection, run, first)
                numbers.append(run)
        return numbers

    def run(self, run: int) -> RunRecord:
        """Return the record of a run."""
        with self._database.read_transaction() as connection:
            return run_records.select_one(connection, run)

    def spec(self, run: int) -> "ExperimentSpec":
        """Return the spec of a run, upgraded to the current version of the spec.

        Raises:
            InputError: A package that it needs is not installed.
            StoreError: The stored spec is no longer valid.
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
        """Return the spec of a run as plain data: as it was stored, but under the present names of its settings."""
        with self._database.read_transaction() as connection:
            data: dict[str, Any] | None = connection.scalar(sa.select(RUN.c.spec).where(RUN.c.id == run))
            if data is None:
                runs.check_exists(connection, run)
        if not isinstance(data, dict):
            raise damage_error(run, f"spec {shorten(data, 40)}")
        from mtl_core.spec.upgrade import upgrade_data

        try:
            return upgrade_data(data)
        except InputError:  # of a version that is not known here, which whoever needs a valid spec is told
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
        """Change what people can edit of a run; None leaves a value unchanged.

        Raises:
            InputError: The name is empty.
        """
        if name is not None and not name.strip():
            raise InputError(f"run {run}", "a run needs a name")
        values = {"name": name, "notes": notes, "starred": starred, "archived": archived}
        columns = {key: value for key, value in values.items() if value is not None}
        with self._database.write_transaction() as connection:
            runs.lock(connection, run)
            if columns:
                runs.update(connection, run, **columns)
            if tags is not None:
                runs.set_tags(connection, run, tags)

    # --- lifecycle of a run

    def claim(
        self,
        run: int,
        *,
        device: str,
        versions: Mapping[str, str],
        pid: int | None = None,
        host: str = "",
        fingerprint: str | None = None,
    ) -> None:
        """Assign a run to the process that trains it, and set it to running.

        Args:
            run: The run.
            device: The device, for people.
            versions: Versions of the libraries.
            pid: Number of the process; this one by default.
            host: Name of its machine; this one by default.
            fingerprint: Digest of the data, if already known.

        Raises:
            InputError: The run has finished, or another living process trains it.
        """
        library = {"sqlite": sqlite.describe_version()} if self._database.is_sqlite else {}
        columns: dict[str, Any] = {"device": device, "versions": {**versions, **library}}
        if fingerprint is not None:
            columns["fingerprint"] = fingerprint
        if (progress := self.run(run).progress) is not None:  # of a resumed run, whose speed is to be measured again
            columns["progress"] = vars(replace(progress, samples_per_second=0.0, eta_seconds=0.0))
        pid, host = os.getpid() if pid is None else pid, host or processes.host_name()
        with self._database.write_transaction() as connection:
            lifecycle.claim(connection, run, pid=pid, host=host, **columns)
        self._clock.start(run)

    def check_free(self, run: int) -> None:
        """Check that a run can be claimed; changes nothing.

        Raises:
            InputError: There is no such run, it has finished, or a living process trains it.
        """
        with self._database.read_transaction() as connection:
            lifecycle.check_free(runs.select_state(connection, run))

    def set_fingerprint(self, run: int, fingerprint: str) -> None:
        """Set the digest of the data of a run."""
        with self._database.write_transaction() as connection:
            runs.update(connection, run, fingerprint=fingerprint)

    def record_heartbeat(self, run: int, progress: Progress) -> None:
        """Record that the process that trains a run is alive, and the progress of the run."""
        with self._clock.lap(run) as seconds, self._database.write_transaction() as connection:
            lifecycle.record_heartbeat(connection, run, progress, seconds)

    def set_state(self, run: int, state: RunState) -> None:
        """Set the state of a run that has not ended: queued, running or paused."""
        if state not in RUN_STATES:
            raise ValueError(f"state must be one of {RUN_STATES}, found {state!r}")
        with self._database.write_transaction() as connection:
            lifecycle.set_state(connection, run, state)

    def finish(self, run: int, state: EndState, error: str = "", *, archive: bool = False) -> None:
        """Set the state in which a run ended.

        Args:
            run: The run.
            state: The state.
            error: Reason of a failure, on one line.
            archive: Whether to archive it too.
        """
        if state not in END_STATES:
            raise ValueError(f"state must be one of {END_STATES}, found {state!r}")
        with self._clock.lap(run) as seconds, self._database.write_transaction() as connection:
            lifecycle.end(connection, run, state, error, seconds)
            if archive:
                runs.update(connection, run, archived=True)

    def reap(self) -> list[int]:
        """Set the runs whose process died to interrupted; return their numbers.

        A process on another machine is presumed dead after 15 s without a heartbeat. If the store cannot be written to,
        nothing is changed.
        """
        with self._database.read_transaction() as connection:
            dead = lifecycle.find_dead_runs(connection)
        if not dead or self._database.read_only:
            return []
        try:
            with self._database.write_transaction() as connection:
                return lifecycle.reap(connection, dead)
        except EnvironmentFault as error:  # must not keep the caller from reading
            log.warning("runs whose process died cannot be marked as interrupted: %s", error)
            return []

    def kill(self, run: int) -> None:
        """Kill the process that trains a run; the run is interrupted and can be resumed from its last checkpoint.

        Raises:
            InputError: The run is not being trained, or is trained on another machine.
            WorkerError: Its process does not end.
        """
        with self._database.write_transaction() as connection:
            pid, start_time = lifecycle.find_process(connection, run)
        if not processes.kill(pid, start_time):
            raise WorkerError(f"run {run}", "its process does not end", found=pid)
        self.reap()
