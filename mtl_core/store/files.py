"""The files of a run: where they lie and what is known of them."""

import time
from collections.abc import Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mtl_core.spec import InputError
from mtl_core.store import runs
from mtl_core.store.places import artifacts_root, file_of
from mtl_core.store.records import Artifact
from mtl_core.store.tables import ARTIFACT, RUN


def make_folder(connection: sa.Connection, url: sa.URL, run: int) -> None:
    """Give a new run a folder of its own: ``artifacts/<run id>``.

    Two stores may lie in one folder, and a store may have been deleted without its artifacts, so a folder that is
    there already is left alone and another name taken. On a server numbers are given once and each machine has its
    own folders, so there is nothing to settle.
    """
    file, name = file_of(url), str(run)
    if file is not None:
        name = _make_new(artifacts_root(url), run, file.stem)
    runs.change(connection, run, folder=name)


def folder(connection: sa.Connection, url: sa.URL, run: int) -> Path:
    """Where the files of a run lie.

    Raises:
        InputError: There is no such run.
    """
    name = connection.scalar(sa.select(RUN.c.folder).where(RUN.c.id == run))
    if name is None:
        raise runs.no_such_run(run)
    return artifacts_root(url) / str(name)


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


def _make_new(root: Path, run: int, stem: str) -> str:
    others = (f"{stem}-{run}-{n}" for n in count(2))
    return next(name for name in chain((str(run), f"{stem}-{run}"), others) if _made(root / name))


def _made(path: Path) -> bool:
    try:
        path.mkdir(parents=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise InputError(str(path), "the folder cannot be made", found=error.strerror) from None
    return True
