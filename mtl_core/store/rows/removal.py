"""Erasing of archived runs, and removal of their checkpoints; sizes of the files of runs."""

import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.protocol.states import END_STATES
from mtl_core.store.rows import artifacts, runs
from mtl_core.store.rows.damage import select_rows
from mtl_core.store.tables import ARTIFACT, CHUNK, EVENT, REQUEST, RUN, SETTING, SUMMARY, TAG, TASK

CHECKPOINT_PREFIX = "checkpoint:"
"""The beginning of the kinds of artifacts that are checkpoints."""
_OF_RUN = (TASK, TAG, SETTING, SUMMARY, CHUNK, EVENT, ARTIFACT, REQUEST)


@dataclass(frozen=True)
class DiskUse:
    """Sizes of the files of a run in bytes.

    Attributes:
        files: All files in its folder.
        checkpoints: Those that are checkpoints.
    """

    files: int = 0
    checkpoints: int = 0


def check_removable(connection: sa.Connection, run: int) -> None:
    """Lock a run, and check that it has ended and is in the archive.

    Raises:
        InputError: There is no such run, it has not ended, or it is not archived.
    """
    row = runs.lock(connection, run)
    if row["state"] not in END_STATES:
        raise InputError(f"run {run}", "has not ended", found=row["state"], fix="Stop it first.")
    if not connection.scalar(sa.select(RUN.c.archived).where(RUN.c.id == run)):
        raise InputError(f"run {run}", "is not in the archive", fix="Archive it first.")


def erase_rows(connection: sa.Connection, run: int) -> None:
    """Delete all rows of a run; runs that repeat it lose the reference to it."""
    connection.execute(sa.update(RUN).where(RUN.c.parent == run).values(parent=None))
    for table in _OF_RUN:
        connection.execute(sa.delete(table).where(table.c.run_id == run))
    connection.execute(sa.delete(RUN).where(RUN.c.id == run))


def delete_checkpoint_rows(connection: sa.Connection, url: sa.URL, run: int) -> list[Path]:
    """Delete the rows of the checkpoints of a run; return those of their files that are in its folder."""
    folder = artifacts.find_folder(connection, url, run)
    is_checkpoint = (ARTIFACT.c.run_id == run, ARTIFACT.c.kind.startswith(CHECKPOINT_PREFIX, autoescape=True))
    paths = [folder / path for path in connection.scalars(sa.select(ARTIFACT.c.path).where(*is_checkpoint))]
    connection.execute(sa.delete(ARTIFACT).where(*is_checkpoint))
    return [path for path in dict.fromkeys(paths) if path.resolve().is_relative_to(folder.resolve())]


def delete_checkpoint_row(connection: sa.Connection, url: sa.URL, run: int, artifact: int) -> list[Path]:
    """Delete the row of one checkpoint of a run that is not trained; return its file if it is in the run's folder.

    Raises:
        InputError: There is no such run or checkpoint, or the run has not ended.
    """
    row = runs.lock(connection, run)
    if row["state"] not in END_STATES:
        raise InputError(f"run {run}", "has not ended", found=row["state"], fix="Stop it first.")
    folder = artifacts.find_folder(connection, url, run)
    is_checkpoint = ARTIFACT.c.kind.startswith(CHECKPOINT_PREFIX, autoescape=True)
    same = (ARTIFACT.c.run_id == run, ARTIFACT.c.id == artifact, is_checkpoint)
    name = connection.scalar(sa.select(ARTIFACT.c.path).where(*same))
    if name is None:
        raise InputError(f"run {run}", "has no such checkpoint any more", found=artifact)
    connection.execute(sa.delete(ARTIFACT).where(*same))
    path = folder / str(name)
    return [path] if path.resolve().is_relative_to(folder.resolve()) else []


def remove_files(paths: Collection[Path]) -> int:
    """Remove files, and folders with all that is in them; return how many bytes that gave back.

    Raises:
        EnvironmentFault: One of them cannot be removed.
    """
    freed = 0
    for path in paths:
        size = sum(size for _, size in _files(path)) if path.is_dir() else _size(path)
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise EnvironmentFault(str(path), "cannot be removed", found=error, fix="Remove it by hand.") from None
        freed += size
    return freed


def select_folders(connection: sa.Connection, root: Path, numbers: Collection[int]) -> dict[int, tuple[Path, set[str]]]:
    """Select the folder of each run and the names of its checkpoints in it."""
    rows, _ = select_rows(connection, sa.select(RUN.c.id, RUN.c.folder), RUN.c.id, list(numbers))
    query = sa.select(ARTIFACT.c.run_id, ARTIFACT.c.path).where(
        ARTIFACT.c.kind.startswith(CHECKPOINT_PREFIX, autoescape=True)
    )
    checkpoints, _ = select_rows(connection, query, ARTIFACT.c.run_id, list(numbers))
    names: dict[int, set[str]] = {}
    for run, path in checkpoints:
        names.setdefault(run, set()).add(path)
    return {run: (root / name, names.get(run, set())) for run, name in rows if artifacts.is_folder_name(root, name)}


def measure(folder: Path, checkpoints: Collection[str]) -> DiskUse:
    """Measure the files in the folder of a run."""
    files = {path.relative_to(folder).as_posix(): size for path, size in _files(folder)}
    return DiskUse(sum(files.values()), sum(size for name, size in files.items() if name in checkpoints))


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            yield path, _size(path)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # removed in the meantime
        return 0
