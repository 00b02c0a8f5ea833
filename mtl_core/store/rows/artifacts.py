"""The files of a run: where they lie and what is known of them."""

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
from mtl_core.store.urls import artifacts_root, file_of, folder_mode
from mtl_core.store.urls import make_folder as make_dirs


def make_folder(connection: sa.Connection, url: sa.URL, run: int) -> None:
    """Give a new run a folder of its own: ``artifacts/<run id>``.

    Two stores may lie in one folder, and a store may have been deleted without its artifacts, so a folder that is
    there already is left alone and another name taken. On a server numbers are given once and each machine has its
    own folders, so there is nothing to settle.
    """
    file, name = file_of(url), str(run)
    if file is not None:
        name = _make_new(url, run, file.stem)
    runs.change(connection, run, folder=name)


def folder(connection: sa.Connection, url: sa.URL, run: int) -> Path:
    """Where the files of a run lie.

    Raises:
        InputError: There is no such run.
        StoreError: Its row names a folder outside the artifacts of its store, or a link leads there.
    """
    name = connection.scalar(sa.select(RUN.c.folder).where(RUN.c.id == run))
    if name is None:
        raise runs.no_such_run(run)
    root = artifacts_root(url)
    if not _is_below(root, name):
        rule, fix = f"keeps its files in a folder below {root}", "Do not use a store whose origin you do not trust."
        raise StoreError(f"run {run}", rule, found=name, fix=fix)
    return root / str(name)


def _is_below(root: Path, name: Any) -> bool:
    """Whether a name is that of a folder, or may become one, below the artifacts, links resolved."""
    if not isinstance(name, str) or not name or "\0" in name or name in {".", ".."} or {*"/\\"} & set(name):
        return False
    try:
        return (root / name).resolve().parent == root.resolve()
    except OSError:  # links that lead to each other
        return False


def add(
    connection: sa.Connection, root: Path, run: int, *, kind: str, path: Path, data: Mapping[str, Any] | None
) -> None:
    """Write down a file of a run, or that it was written anew."""
    runs.lock(connection, run)
    path = path.absolute()
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    news = {"data": dict(data or {}), "time": time.time()}
    same = (ARTIFACT.c.run_id == run, ARTIFACT.c.kind == kind, ARTIFACT.c.path == name)
    if not connection.execute(sa.update(ARTIFACT).where(*same).values(news)).rowcount:
        connection.execute(sa.insert(ARTIFACT).values(run_id=run, kind=kind, path=name, **news))


def of(connection: sa.Connection, root: Path, run: int) -> list[Artifact]:
    """The files of a run, in the order in which they were first written."""
    rows = connection.execute(sa.select(ARTIFACT).where(ARTIFACT.c.run_id == run).order_by(ARTIFACT.c.id))
    return [Artifact(row.id, row.run_id, row.kind, str(root / row.path), row.data, row.time) for row in rows]


def make(path: Path, url: sa.URL) -> bool:
    """Make a folder for artifacts with the permissions of its store; False when it is there already.

    Raises:
        EnvironmentFault: It cannot be made.
        StoreError: There is a file in its place.
    """
    try:
        if path.is_dir():
            return False
        make_dirs(path.parent, folder_mode(url))
        path.mkdir(folder_mode(url))
    except (FileExistsError, NotADirectoryError):
        if path.is_dir():
            return False
        place = next(one for one in (path, *path.parents) if one.is_file())
        raise StoreError(str(place), "must be a folder", found="a file", fix="Move it away.") from None
    except OSError as error:
        raise EnvironmentFault(str(path), "the folder cannot be made", found=error) from None
    return True


def _make_new(url: sa.URL, run: int, stem: str) -> str:
    others = (f"{stem}-{run}-{n}" for n in count(2))
    names = chain((str(run), f"{stem}-{run}"), others)
    root = artifacts_root(url)
    return next(name for name in names if not (root / name).exists() and make(root / name, url))
