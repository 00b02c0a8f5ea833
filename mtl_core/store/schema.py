"""Opening a database: is it ours, is it of this version, and bringing it there under a lock."""

import os
import threading
from collections.abc import Iterable
from pathlib import Path

import sqlalchemy as sa

from mtl_core.spec import InputError
from mtl_core.store.database import Database
from mtl_core.store.places import file_of

SCHEMA = "0002"  # the newest revision in migrations/versions; stated here so that opening need not import alembic
MIGRATIONS = Path(__file__).with_name("migrations")
_SMALLEST = 512  # bytes of one page, and so of a database; SQLite would take less for an empty one
_alembic = threading.Lock()  # alembic keeps what it is doing in its module
_OURS = {"alembic_version", "runs", "settings", "summaries", "chunks"}


def check_file(url: sa.URL, *, create: bool) -> None:
    """See that a file can be a store, before anything touches it.

    Args:
        url: The database; nothing is checked when it is on a server.
        create: Whether a file that is not there will be made, with its folder.

    Raises:
        InputError: It is a directory or a pipe, may not be written to, or is not there.
    """
    file = file_of(url)
    if file is None:
        return
    try:
        _check(file, create)
    except (FileExistsError, NotADirectoryError):
        above = next(place for place in file.parents if place.exists())
        raise InputError(str(file), f"cannot be opened: {above} is a file, not a folder") from None
    except OSError as error:
        raise InputError(str(file), "cannot be opened", found=error) from None


def _check(file: Path, create: bool) -> None:
    name = str(file)
    if file.is_dir():
        raise InputError(name, "must be a file", found="a directory", fix="Name a file in it, e.g. runs.sqlite.")
    if file.exists():
        if not file.is_file():
            raise InputError(name, "must be a plain file", found="a device or a pipe")
        # Whether it is a database is left to SQLite: to close a file that was opened here only to look at it would
        # drop every lock this process holds on it, and with them another store object's protection of its log.
        if 0 < file.stat().st_size < _SMALLEST:
            fix = "Take another file; this one was left as it was."
            raise InputError(name, "must be an SQLite database", found=f"{file.stat().st_size} bytes", fix=fix)
    elif not create:
        if any(place.is_file() for place in file.parents):
            raise NotADirectoryError
        raise InputError(name, "there is no such store", fix="Train something first, or name another store.")
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
    for place, which in ((file, "the file"), (file.parent, "its folder")):  # SQLite writes its log beside the file
        if place.exists() and not os.access(place, os.W_OK):
            fix = "Change the permissions or take another store."
            raise InputError(name, "may not be written to", found=f"{which} is read-only", fix=fix)


def bring_up_to_date(database: Database) -> None:
    """Create the tables of a new store, or upgrade an older one; leave any other database as it is.

    Raises:
        InputError: The database belongs to another program or to a newer version of this one.
    """
    with database.reading() as connection:
        revision = _revision(connection, database.name)
    if revision == SCHEMA:
        return
    if revision is not None and revision not in _known_revisions():
        fix = "Update MTL Workbench, or take another store; this one was left as it was."
        rule = f"was written by a newer version (this one knows schemas up to {SCHEMA})"
        raise InputError(database.name, rule, found=f"schema {revision}", fix=fix)
    database.use_wal()
    with _alembic, database.upgrading() as connection:
        _upgrade(connection)


def _revision(connection: sa.Connection, name: str) -> str | None:
    """The schema of a store; None when the database is empty."""
    tables = set(sa.inspect(connection).get_table_names())
    if not tables:
        return None
    if not tables >= _OURS:
        fix = "Take another one; this one was left as it was."
        found = "tables " + ", ".join(sorted(tables)[:5])
        raise InputError(name, "is a database, but not a store of MTL Workbench", found=found, fix=fix)
    return str(connection.scalar(sa.select(sa.column("version_num")).select_from(sa.table("alembic_version"))))


def _known_revisions() -> Iterable[str]:
    return [file.stem.removeprefix("schema_") for file in MIGRATIONS.joinpath("versions").glob("schema_*.py")]


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
