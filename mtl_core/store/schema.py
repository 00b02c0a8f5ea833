"""Schema of a database: checks of the file, the version, and migration to the current version."""

import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from mtl_core.errors import EnvironmentFault, InputError, StoreError
from mtl_core.store.database import Database
from mtl_core.store.urls import make_directories, sqlite_file

SCHEMA = "0002"  # the newest revision in migrations/versions; stated here so that opening need not import alembic
MIGRATIONS = Path(__file__).with_name("migrations")
_MIN_BYTES = 512  # one page, the smallest database; SQLite would treat a shorter file as an empty one
_creation_lock = threading.Lock()
_alembic_lock = threading.Lock()  # alembic keeps its state in module globals
_STORE_TABLES = {"alembic_version", "runs", "settings", "summaries", "chunks"}


def check_file(url: sa.URL, *, create: bool, write: bool = True) -> None:
    """Check that a file can be a store, before SQLite opens it.

    Args:
        url: The database; not checked if it is on a server.
        create: Whether to create a missing file, with its folder, readable by its owner only.
        write: Whether it must be writable.

    Raises:
        InputError: It is a directory, a pipe or too short for a database, or it is missing.
        EnvironmentFault: It cannot be written to, or its folder cannot be created.
    """
    file = sqlite_file(url)
    if file is None:
        return
    try:
        _check_kind(file)
        if not create and not file.exists():
            _refuse_missing(file)
        if write:
            _check_permissions(file)
        if create:
            _create_file(file)
    except (FileExistsError, NotADirectoryError):
        above = next(parent for parent in file.parents if parent.exists())
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
    # Whether it is a database is left to SQLite: closing a file that was opened here would drop every lock that this
    # process holds on it, and with them the protection of the log of another store object.
    if 0 < file.stat().st_size < _MIN_BYTES:
        fix = "Take another file; this one was left as it was."
        raise InputError(str(file), "must be an SQLite database", found=f"{file.stat().st_size} bytes", fix=fix)


def _create_file(file: Path) -> None:
    """Create an empty file for its owner only; SQLite gives its log the same permissions."""
    with _creation_lock:  # closing the file here would drop the locks of another thread that has opened it
        if not file.exists():
            make_directories(file.parent)
            with suppress(FileExistsError):  # another process was faster
                os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _refuse_missing(file: Path) -> None:
    if any(parent.is_file() for parent in file.parents):
        raise NotADirectoryError
    raise InputError(str(file), "there is no such store", fix="Train something first, or name another store.")


def _check_permissions(file: Path) -> None:
    for path, description in ((file, "the file"), (file.parent, "its folder")):  # SQLite writes its log beside the file
        if path.exists() and not os.access(path, os.W_OK):
            fix = "Change the permissions or take another store."
            raise EnvironmentFault(str(file), "cannot be written to", found=f"{description} is read-only", fix=fix)


def check_log(url: sa.URL) -> None:
    """Check that the log of an SQLite file is empty, so that the file can be read without it.

    Raises:
        StoreError: It is not empty.
    """
    log = Path(f"{sqlite_file(url)}-wal")
    if log.exists() and log.stat().st_size > 0:
        rule = "cannot be read here, as what was written last is in a log beside it"
        fix = "Copy both to a folder that may be written to."
        raise StoreError(str(sqlite_file(url)), rule, found=log.name, fix=fix)


def migrate(database: Database) -> None:
    """Create the tables of a new store, or upgrade an older one; any other database is not changed.

    Raises:
        InputError: The database belongs to another program.
        StoreError: It is of a newer version of this program, or of an older one and cannot be written to.
    """
    with database.read_transaction() as connection:
        revision = _revision(connection, database.name)
    if revision == SCHEMA:
        return
    if revision is not None and revision not in _known_revisions():
        fix = "Update MTL Workbench, or take another store; this one was left as it was."
        rule = f"was written by a newer version (this one knows schemas up to {SCHEMA})"
        raise StoreError(database.name, rule, found=f"schema {revision}", fix=fix)
    if database.read_only:
        rule = f"must be upgraded to schema {SCHEMA} before it can be read, and cannot be written to"
        fix = "Copy it to a folder that may be written to."
        raise StoreError(database.name, rule, found=f"schema {revision or 'of an empty file'}", fix=fix)
    database.use_wal()
    with _alembic_lock, database.upgrade_transaction() as connection:
        _upgrade(connection)


def _revision(connection: sa.Connection, name: str) -> str | None:
    """Return the revision of the schema of a store; None if the database is empty."""
    tables = set(sa.inspect(connection).get_table_names())
    if not tables:
        return None
    if not tables >= _STORE_TABLES:
        fix = "Take another one; this one was left as it was."
        description = "tables " + ", ".join(sorted(tables)[:5])
        raise InputError(name, "is a database, but not a store of MTL Workbench", found=description, fix=fix)
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
