"""Runs as rows and files that go to or come from elsewhere."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.store.rows import artifacts
from mtl_core.store.rows.raw_rows import RawRows, find_copies, insert, select
from mtl_core.store.run_log import RunLog
from mtl_core.store.urls import artifacts_root


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
