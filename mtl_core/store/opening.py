"""Opening of a store: creating, upgrading, or falling back to read-only access."""

from pathlib import Path

import sqlalchemy as sa

from mtl_core.errors import EnvironmentFault
from mtl_core.store import schema, urls
from mtl_core.store.database import Access, Database
from mtl_core.store.store import RunStore


def open_store(place: str | Path | None = None, *, create: bool = True, allow_read_only: bool = False) -> RunStore:
    """Open a store, creating or upgrading it as needed.

    Args:
        place: A path of an SQLite file, any SQLAlchemy URL, or None for ``$MTL_WORKBENCH_HOME/runs.sqlite``.
        create: Whether to create a missing file.
        allow_read_only: Whether to open a store that cannot be written to, as on a read-only medium or a full disk;
            methods that would change it then raise ``EnvironmentFault``.

    Raises:
        InputError: It is a directory or not a store; it is not changed.
        StoreError: It is damaged, locked, or of a newer version; or of an older one, and cannot be written to.
        EnvironmentFault: It cannot be written to or opened.
    """
    url = urls.store_url(place)
    try:
        schema.check_file(url, create=create)
        return _store(_open_database(url, "write"))
    except EnvironmentFault:
        if not allow_read_only or urls.sqlite_file(url) is None:
            raise
    return _store(reading_database(place))


def reading_database(place: str | Path | None) -> Database:
    """Open the database of a store for reading only: an SQLite file in that mode, which no statement can change.

    Without its log if SQLite cannot create one beside it.

    Raises:
        InputError: There is no such store.
        StoreError: It is of another version.
        EnvironmentFault: It cannot be opened.
    """
    url = urls.store_url(place)
    schema.check_file(url, create=False, write=False)
    try:
        return _open_database(url, "read")
    except EnvironmentFault:
        schema.check_log(url)
        return _open_database(url, "immutable")


def _open_database(url: sa.URL, access: Access) -> Database:
    database = Database(url, access)
    try:
        schema.migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def _store(database: Database) -> RunStore:
    database.watch_file()
    return RunStore(database)
