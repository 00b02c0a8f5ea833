"""The half of the store that lists, measures and erases runs."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import sqlalchemy as sa

from mtl_core.store.records import RunRecord
from mtl_core.store.rows import delta_m, filters, removal, run_records, setting_values
from mtl_core.store.rows.artifacts import find_folder
from mtl_core.store.rows.removal import DiskUse
from mtl_core.store.run_log import RunLog
from mtl_core.store.tables import EVENT, RUN
from mtl_core.store.urls import artifacts_root


class FilterNames(NamedTuple):
    """What a filter can compare.

    Attributes:
        fields: Fields of runs.
        settings: Paths of settings.
        metrics: Metrics: ``left.accuracy`` is one on the test split, those of other splits are named with their split.
    """

    fields: tuple[str, ...]
    settings: tuple[str, ...]
    metrics: tuple[str, ...]


class RunList(RunLog):
    """Selection of runs by filters, what columns show of them, and what of them can be given up."""

    def runs(self, *, archived: bool = False, query: str = "", ids: Collection[int] | None = None) -> list[RunRecord]:
        """Return the records of the runs, newest first; damaged ones are left out and are in :attr:`damage`.

        Args:
            archived: Whether to include archived runs.
            query: A filter such as ``weighting.kind == "pcgrad" and left.accuracy > 0.9``; see
                :mod:`mtl_core.store.rows.filters`.
            ids: Only these runs, if they match; None for all.

        Raises:
            InputError: The filter is malformed.
        """
        with self._database.read_transaction() as connection:
            conditions = self._conditions(connection, archived, query)
            if ids is not None:
                conditions.append(RUN.c.id.in_(ids))
            records, damage = run_records.select(connection, *conditions)
        self._note_damage((record.id for record in records), damage)
        return records

    def run_ids(self, *, archived: bool = False, query: str = "") -> list[int]:
        """Return the numbers of the runs that match a filter, newest first, damaged ones included; fast.

        Raises:
            InputError: The filter is malformed.
        """
        with self._database.read_transaction() as connection:
            conditions = self._conditions(connection, archived, query)
            return list(connection.scalars(sa.select(RUN.c.id).where(*conditions).order_by(RUN.c.id.desc())))

    def filter_names(self) -> FilterNames:
        """Return what a filter can compare: fields, and the settings and metrics that runs of this store have."""
        with self._database.read_transaction() as connection:
            paths, metrics = setting_values.select_paths(connection), setting_values.select_metrics(connection)
        return FilterNames(filters.FIELDS, tuple(path for path in paths if path != "name"), tuple(metrics))

    def setting_values(self, paths: Collection[str], ids: Collection[int]) -> dict[int, dict[str, float | str]]:
        """Return the values of settings of runs, by run and path; settings that a run does not have are left out.

        Args:
            paths: Paths of the settings, e.g. ``training.epochs``.
            ids: The runs.
        """
        with self._database.read_transaction() as connection:
            return setting_values.select(connection, paths, ids)

    def setting_choices(self, path: str) -> list[str]:
        """Return the values that a setting has in any run, as texts, sorted; at most a hundred."""
        with self._database.read_transaction() as connection:
            return setting_values.select_choices(connection, path)

    def delta_m(self) -> dict[int, float]:
        """Return Δm, as a fraction, of every multi-task run whose study has all baselines of its seed."""
        with self._database.read_transaction() as connection:
            return delta_m.select(connection, self._score_metrics)

    # --- disk use

    def disk_use(self, ids: Collection[int]) -> dict[int, DiskUse]:
        """Measure the files of runs; those whose folder is not on this machine use nothing."""
        root = artifacts_root(self._database.url)
        with self._database.read_transaction() as connection:
            folders = removal.select_folders(connection, root, ids)
        return {run: removal.measure(*folder) for run, folder in folders.items()}

    def remove_checkpoints(self, ids: Iterable[int]) -> int:
        """Remove the checkpoints of archived runs, which then can be neither resumed nor evaluated.

        Returns:
            How many bytes that gave back.

        Raises:
            InputError: A run has not ended, or is not archived; nothing is removed then.
            EnvironmentFault: A file cannot be removed.
        """
        with self._database.write_transaction() as connection:
            paths = []
            for run in ids:
                removal.check_removable(connection, run)
                paths += removal.delete_checkpoint_rows(connection, self._database.url, run)
        return removal.remove_files(paths)

    def remove_checkpoint(self, run: int, artifact: int) -> int:
        """Remove one checkpoint of a run that has ended; return how many bytes that gave back.

        Raises:
            InputError: There is no such checkpoint, or the run has not ended.
            EnvironmentFault: The file cannot be removed.
        """
        with self._database.write_transaction() as connection:
            paths = removal.delete_checkpoint_row(connection, self._database.url, run, artifact)
        return removal.remove_files(paths)

    def children(self, run: int) -> dict[int, bool]:
        """Return the runs that have a run as parent, oldest first, archived ones too; and whether each is a fork."""
        is_fork = sa.exists().where(EVENT.c.run_id == RUN.c.id, EVENT.c.kind == "forked")
        query = sa.select(RUN.c.id, is_fork).where(RUN.c.parent == run).order_by(RUN.c.id)
        with self._database.read_transaction() as connection:
            return {number: bool(fork) for number, fork in connection.execute(query)}

    def erase(self, ids: Iterable[int]) -> int:
        """Erase archived runs for good, with their files.

        Returns:
            How many bytes of files that gave back; space in the database is used again by later runs.

        Raises:
            InputError: A run has not ended, or is not archived; nothing is erased then.
            EnvironmentFault: A folder cannot be removed.
        """
        folders = []
        with self._database.write_transaction() as connection:
            for run in ids:
                removal.check_removable(connection, run)
                folders.append(find_folder(connection, self._database.url, run))
                removal.erase_rows(connection, run)
        return removal.remove_files(folders)

    def _conditions(self, connection: sa.Connection, archived: bool, query: str) -> list[sa.ColumnElement[bool]]:
        def read_delta_m() -> Mapping[int, float]:
            return delta_m.select(connection, self._score_metrics)

        condition = filters.parse_filter(query, read_delta_m)
        conditions = [] if condition is None else [condition]
        return conditions if archived else [*conditions, RUN.c.archived.is_(False)]
