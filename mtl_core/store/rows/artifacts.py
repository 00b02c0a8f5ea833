"""Rows of artifacts, and the folders of the runs they belong to."""

import time
from collections.abc import Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mtl_core.errors import EnvironmentFault, StoreError
from mtl_core.store.records import Artifact
from mtl_core.store.rows import runs
from mtl_core.store.tables import ARTIFACT, RUN
from mtl_core.store.urls import artifacts_root, folder_mode, make_directories, sqlite_file


def assign_folder(connection: sa.Connection, url: sa.URL, run: int) -> None:
    """Assign a new run a folder of its own: ``artifacts/<run id>``.

    Two stores may be in one folder, and a store may have been deleted without its artifacts; so another name is used
    if the folder exists. On a server, numbers are unique and the folders of each machine are created when needed.
    """
    file, name = sqlite_file(url), str(run)
    if file is not None:
        name = _make_unused_folder(url, run, file.stem)
    runs.update(connection, run, folder=name)


def find_folder(connection: sa.Connection, url: sa.URL, run: int) -> Path:
    """Return the folder with the files of a run.

    Raises:
        InputError: There is no such run.
        StoreError: Its row names a folder outside the artifacts of its store, or a link points there.
    """
    name = connection.scalar(sa.select(RUN.c.folder).where(RUN.c.id == run))
    if name is None:
        raise runs.missing_run_error(run)
    root = artifacts_root(url)
    if not is_folder_name(root, name):
        rule, fix = f"keeps its files in a folder below {root}", "Do not use a store whose origin you do not trust."
        raise StoreError(f"run {run}", rule, found=name, fix=fix)
    return root / str(name)


def is_folder_name(root: Path, name: Any) -> bool:
    """Whether ``name`` is a valid name of a folder directly below ``root``, with links resolved."""
    if not isinstance(name, str) or not name or "\0" in name or name in {".", ".."} or {*"/\\"} & set(name):
        return False
    try:
        return (root / name).resolve().parent == root.resolve()
    except OSError:  # a loop of links
        return False


def upsert(
    connection: sa.Connection, root: Path, run: int, *, kind: str, path: Path, data: Mapping[str, Any] | None
) -> None:
    """Insert a file of a run, or update its data and time if it was inserted before."""
    runs.lock(connection, run)
    path = path.absolute()
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    values = {"data": dict(data or {}), "time": time.time()}
    is_same = (ARTIFACT.c.run_id == run, ARTIFACT.c.kind == kind, ARTIFACT.c.path == name)
    if not connection.execute(sa.update(ARTIFACT).where(*is_same).values(values)).rowcount:
        connection.execute(sa.insert(ARTIFACT).values(run_id=run, kind=kind, path=name, **values))


def select(connection: sa.Connection, root: Path, run: int) -> list[Artifact]:
    """Select the files of a run, in the order in which they were inserted."""
    rows = connection.execute(sa.select(ARTIFACT).where(ARTIFACT.c.run_id == run).order_by(ARTIFACT.c.id))
    return [Artifact(row.id, row.run_id, row.kind, str(root / row.path), row.data, row.time) for row in rows]


def make_folder(path: Path, url: sa.URL) -> bool:
    """Create a folder for artifacts with the permissions of the store; return False if it exists.

    Raises:
        EnvironmentFault: It cannot be created.
        StoreError: There is a file in its place.
    """
    try:
        if path.is_dir():
            return False
        make_directories(path.parent, folder_mode(url))
        path.mkdir(folder_mode(url))
    except (FileExistsError, NotADirectoryError):
        if path.is_dir():
            return False
        file = next(parent for parent in (path, *path.parents) if parent.is_file())
        raise StoreError(str(file), "must be a folder", found="a file", fix="Move it away.") from None
    except OSError as error:
        raise EnvironmentFault(str(path), "the folder cannot be made", found=error) from None
    return True


def _make_unused_folder(url: sa.URL, run: int, stem: str) -> str:
    others = (f"{stem}-{run}-{n}" for n in count(2))
    names = chain((str(run), f"{stem}-{run}"), others)
    root = artifacts_root(url)
    return next(name for name in names if not (root / name).exists() and make_folder(root / name, url))
