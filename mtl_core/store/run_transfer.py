"""Runs as rows and files that go to or come from elsewhere."""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.store.records import Points
from mtl_core.store.rows import artifacts, events, runs, series
from mtl_core.store.rows.raw_rows import RawRows, find_copies, insert, select
from mtl_core.store.run_log import RunLog
from mtl_core.store.tables import EVENT, RUN
from mtl_core.store.urls import artifacts_root

if TYPE_CHECKING:  # importing the classes of the spec would slow down listing runs
    from mtl_core.protocol.events import ForkEvent
    from mtl_core.spec import ExperimentSpec

_OWN_EVENTS = ("finish", "error", "nan", "checkpoint")
"""Kinds of events that say how a run ended, or which files it has; a fork has its own."""


class RunTransfer(RunLog):
    """Base of :class:`mtl_core.store.RunStore` with the methods for runs of other stores."""

    def raw_rows(self, table: str, runs: Sequence[int]) -> list[dict[str, Any]]:
        """Return the rows of runs in a table as the database has them; see :mod:`mtl_core.store.rows.raw_rows`."""
        with self._database.read_transaction() as connection:
            return list(select(connection, table, runs))

    def find_copies(self, runs: Sequence[Mapping[str, Any]]) -> dict[int, int]:
        """Return the runs that are in this store already, as the number here by the number in the given row.

        Args:
            runs: Rows of the table ``runs`` of any store, as :meth:`raw_rows` returns them.
        """
        with self._database.read_transaction() as connection:
            return find_copies(connection, runs)

    @contextmanager
    def staging_folder(self) -> Iterator[Path]:
        """Context manager of a temporary folder beside the folders of the runs, for the files of imported runs.

        Raises:
            EnvironmentFault: It cannot be made.
        """
        root = artifacts_root(self._database.url)
        artifacts.make_folder(root, self._database.url)
        try:
            with TemporaryDirectory(prefix=".import-", dir=root, ignore_cleanup_errors=True) as folder:
                yield Path(folder)
        except OSError as error:
            raise EnvironmentFault(str(root), "cannot be written to", found=error) from None

    def import_runs(self, rows: RawRows, folders: Mapping[int, Path]) -> dict[int, int]:
        """Add runs of another store, with new numbers; all of them or, if that fails, none.

        Args:
            rows: Their rows of every table, as :meth:`raw_rows` returns them.
            folders: The folder with the files of each run that has any, in :meth:`staging_folder`; emptied.

        Returns:
            The new numbers, by the old ones.

        Raises:
            InputError: The rows contradict each other.
        """
        made: list[Path] = []
        try:
            with self._database.write_transaction() as connection:
                numbers = insert(connection, rows)
                for old, run in numbers.items():
                    artifacts.assign_folder(connection, self._database.url, run)
                    folder = artifacts.find_folder(connection, self._database.url, run)
                    artifacts.make_folder(folder, self._database.url)
                    made.append(folder)
                    for path in folders[old].iterdir() if old in folders else ():
                        path.rename(folder / path.name)
        except BaseException as error:
            for folder in made:
                shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, sa.exc.IntegrityError):
                raise InputError("runs", "two of their rows have the same key", found=str(error.orig)) from None
            raise
        return numbers

    def create_fork(self, spec: "ExperimentSpec", event: "ForkEvent", saved: float, folder: Path) -> int:
        """Create a queued run that begins with a checkpoint of another run, and with a copy of its history.

        Copied are the points and events up to the checkpoint. The run is there with all of it, or not at all.

        Args:
            spec: Its experiment.
            event: The run and step of the checkpoint; stored after the copied events.
            saved: When the checkpoint was saved, in seconds since 1970.
            folder: Folder with its files, in :meth:`staging_folder`; emptied. Each ``<kind>.safetensors`` is a
                checkpoint.

        Returns:
            Its number.

        Raises:
            InputError: There is no such run.
            StoreError: Its points are damaged.
        """
        step, made = event.step, None
        # A training point has the number of its step, a validation point the number of steps done.
        last = {"train": step - 1, "val": step}
        in_time = EVENT.c.time <= saved if event.data.whole else EVENT.c.kind == "epoch"
        is_past = sa.or_(EVENT.c.step < step, sa.and_(EVENT.c.step == step, in_time))
        try:
            with self._database.write_transaction() as connection:
                run = runs.insert(connection, spec, parent=event.data.run)
                fingerprint = sa.select(RUN.c.fingerprint).where(RUN.c.id == event.data.run).scalar_subquery()
                runs.update(connection, run, fingerprint=fingerprint)
                series.copy(connection, event.data.run, run, last)
                history = sa.and_(is_past, EVENT.c.kind.not_in(_OWN_EVENTS))
                events.copy(connection, event.data.run, run, history)
                events.insert(connection, run, event)
                artifacts.assign_folder(connection, self._database.url, run)
                made = artifacts.find_folder(connection, self._database.url, run)
                artifacts.make_folder(made, self._database.url)
                for path in sorted(folder.iterdir()):
                    path.rename(made / path.name)
                    artifacts.upsert(
                        connection,
                        made,
                        run,
                        kind=f"checkpoint:{path.stem}",
                        path=made / path.name,
                        data={"step": step},
                    )
        except BaseException:
            if made is not None:
                shutil.rmtree(made, ignore_errors=True)
            raise
        return run

    def add_ended_run(
        self,
        spec: "ExperimentSpec",
        points: Mapping[SeriesKey, Points],
        directions: Mapping[SeriesKey, Direction],
        *,
        columns: Mapping[str, Any],
        tags: Iterable[str] = (),
    ) -> int:
        """Add a run that was trained by another program, in one transaction; return its number.

        Args:
            spec: Its experiment.
            points: The points of its series.
            directions: Which values of a series are better; see :meth:`append`.
            columns: The columns of its row that a queued run has not: state, times, notes.
            tags: Its tags.
        """
        with self._database.write_transaction() as connection:
            run = runs.insert(connection, spec)
            runs.update(connection, run, **columns)
            runs.set_tags(connection, run, tags)
            series.append(connection, run, points, directions)
            artifacts.assign_folder(connection, self._database.url, run)
        return run
