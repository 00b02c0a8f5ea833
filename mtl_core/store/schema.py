"""Opening a database: is it ours, is it of this version, and bringing it there under a lock."""

import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from mtl_core.errors import EnvironmentFault, InputError, StoreError
from mtl_core.store.database import Database
from mtl_core.store.urls import file_of, make_folder

SCHEMA = "0002"  # the newest revision in migrations/versions; stated here so that opening need not import alembic
MIGRATIONS = Path(__file__).with_name("migrations")
_SMALLEST = 512  # bytes of one page, and so of a database; SQLite would take less for an empty one
_making = threading.Lock()
_alembic = threading.Lock()  # alembic keeps what it is doing in its module
_OURS = {"alembic_version", "runs", "settings", "summaries", "chunks"}


def check_file(url: sa.URL, *, create: bool, write: bool = True) -> None:
    """See that a file can be a store, before SQLite touches it.

    Args:
        url: The database; nothing is checked when it is on a server.
        create: Whether to make a file that is not there, with its folder, for its owner alone.
        write: Whether it must be possible to write to it.

    Raises:
        InputError: It is a directory, a pipe or too short for a database, or it is not there.
        EnvironmentFault: It may not be written to, or its folder cannot be made.
    """
    file = file_of(url)
    if file is None:
        return
    try:
        _check_kind(file)
        if not create and not file.exists():
            _refuse_missing(file)
        if write:
            _check_permissions(file)
        if create:
            _make(file)
    except (FileExistsError, NotADirectoryError):
        above = next(place for place in file.parents if place.exists())
        raise InputError(str(file), f"cannot be opened: {above} is a file, not a folder") from None
    except OSError as error:
        raise EnvironmentFault(str(file), "cannot be opened", found=error) from None


def _check_kind(file: Path) -> None:
    if file.is_dir():
        raise InputError(str(file), "must be a file", found="a directory", fix="Name a file in it, e.g. runs.sqlite.")
    if not file.exists():
        return
    if not file.is_file():
        raise InputError(str(file), "must be a plain file", found="a device or a pipe")
    # Whether it is a database is left to SQLite: to close a file that was opened here only to look at it would
    # drop every lock this process holds on it, and with them another store object's protection of its log.
    if 0 < file.stat().st_size < _SMALLEST:
        fix = "Take another file; this one was left as it was."
        raise InputError(str(file), "must be an SQLite database", found=f"{file.stat().st_size} bytes", fix=fix)


def _make(file: Path) -> None:
    """Make an empty file for its owner alone; SQLite gives its log the same permissions."""
    with _making:  # no other thread has opened it before it is closed here, which would drop that thread's locks
        if not file.exists():
            make_folder(file.parent)
            with suppress(FileExistsError):  # another process was faster
                os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _refuse_missing(file: Path) -> None:
    if any(place.is_file() for place in file.parents):
        raise NotADirectoryError
    raise InputError(str(file), "there is no such store", fix="Train something first, or name another store.")


def _check_permissions(file: Path) -> None:
    for place, which in ((file, "the file"), (file.parent, "its folder")):  # SQLite writes its log beside the file
        if place.exists() and not os.access(place, os.W_OK):
            fix = "Change the permissions or take another store."
            raise EnvironmentFault(str(file), "may not be written to", found=f"{which} is read-only", fix=fix)


def check_log(url: sa.URL) -> None:
    """See that nothing stands in the log of an SQLite file alone, where it must be read without its log.

    Raises:
        StoreError: Something does.
    """
    log = Path(f"{file_of(url)}-wal")
    if log.exists() and log.stat().st_size > 0:
        rule = "cannot be read here, as what was written last is in a log beside it"
        fix = "Copy both to a folder that may be written to."
        raise StoreError(str(file_of(url)), rule, found=log.name, fix=fix)


def bring_up_to_date(database: Database) -> None:
    """Create the tables of a new store, or upgrade an older one; leave any other database as it is.

    Raises:
        InputError: The database belongs to another program.
        StoreError: It is of a newer version of this one, or of an older one and may not be written to.
    """
    with database.reading() as connection:
        revision = _revision(connection, database.name)
    if revision == SCHEMA:
        return
    if revision is not None and revision not in _known_revisions():
        fix = "Update MTL Workbench, or take another store; this one was left as it was."
        rule = f"was written by a newer version (this one knows schemas up to {SCHEMA})"
        raise StoreError(database.name, rule, found=f"schema {revision}", fix=fix)
    if database.read_only:
        rule = f"must be upgraded to schema {SCHEMA} before it can be read, and may not be written to"
        fix = "Copy it to a folder that may be written to."
        raise StoreError(database.name, rule, found=f"schema {revision or 'of an empty file'}", fix=fix)
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
