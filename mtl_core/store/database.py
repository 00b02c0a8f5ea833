"""Connection to the database; everything that depends on the kind of database is in this module."""

import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from mtl_core.errors import EnvironmentFault, InputError, StoreError
from mtl_core.store import sqlite
from mtl_core.store.database_errors import explain_errors
from mtl_core.store.urls import sqlite_file

Access = Literal["write", "read", "immutable"]
"""How an SQLite file is opened; ``immutable``: without its log, if none can be created (a read-only folder)."""

LOCK_SECONDS = 15.0
"""Seconds to wait for a lock of another connection."""
WAL_BYTES = 2 * 2**20
"""Size of an SQLite log above which it is written into the database file and emptied."""
_CHECKPOINT_WAIT_MS = 200  # for readers, while other writers wait too
_CHECKPOINT_PAUSE = 0.25  # seconds until the next one, as readers can prevent one
_LONG_WAL_BYTES = 3 * WAL_BYTES
"""Size above which every writer waits until the log is emptied."""
_LONG_WAIT = 5.0  # seconds, longer than any reader of this program takes
_LONG_PAUSE = 20.0  # seconds; a reader of another program must not keep runs from training
_RETRY_SECONDS = 0.01
_CONNECT_SECONDS = 10  # timeout of a connection to a server; the driver's own is over two minutes
_UPGRADE_LOCK = zlib.crc32(b"mtl-workbench schema")
_URI = {"write": "", "read": "?mode=ro", "immutable": "?mode=ro&immutable=1"}

# Set on every connection; none of them changes the file. The journal mode does, so `use_wal` sets it once the file is
# known to be a store.
_PRAGMAS = (
    # In WAL mode this is safe against a crash of the process; a power cut may lose the last second.
    f"PRAGMA synchronous={'NORMAL' if sqlite.has_safe_wal() else 'FULL'}",
    f"PRAGMA busy_timeout={int(LOCK_SECONDS * 1000)}",  # wait for another writer instead of failing
    f"PRAGMA journal_size_limit={WAL_BYTES}",  # truncate the log after a large transaction
    "PRAGMA foreign_keys=ON",  # SQLite's default is off
)


class Database:
    """An SQLAlchemy engine with a read and a write transaction.

    All statements of a transaction see one state of the database. Database errors are translated to errors that name
    the store.
    """

    def __init__(self, url: sa.URL, access: Access = "write") -> None:
        self.url = url
        self.file = sqlite_file(url)
        self.name = str(self.file or url.render_as_string(hide_password=True))
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.read_only = access != "write"
        self.engine = self._make_engine(access)
        self._file_id: tuple[int, int] | None = None
        self._checkpoint_due = 0.0
        self._reader: sa.Engine
        self._writer: sa.Engine
        if self.is_sqlite:
            self._reader, self._writer = self.engine, self.engine.execution_options(writes=True)
            sa.event.listen(self.engine, "connect", _set_pragmas)
            sa.event.listen(self.engine, "begin", _begin_transaction)
        else:
            self._reader, self._writer = self.engine.execution_options(isolation_level="REPEATABLE READ"), self.engine

    def _make_engine(self, access: Access) -> sa.Engine:
        settings: dict[str, Any] = {"pool_size": 4, "max_overflow": 16}
        if self.file is not None:
            sqlite.log_wal_warning()
            connect = partial(_connect_sqlite, f"{self.file.as_uri()}{_URI[access]}")
            settings |= {"module": sqlite.library(), "creator": connect}
        elif self.url.get_backend_name() == "postgresql":
            settings["connect_args"] = {"connect_timeout": _CONNECT_SECONDS}
        try:
            return sa.create_engine(self.url, **settings)
        except ModuleNotFoundError as error:
            rule, fix = "needs a driver that is not installed", "Run: pip install 'mtl-workbench[postgresql]'."
            raise EnvironmentFault(self.name, rule, found=error.name, fix=fix) from None
        except sa.exc.NoSuchModuleError:
            found, fix = self.url.drivername, "Write a file, or a URL such as postgresql://user@host/database."
            raise InputError(self.name, "there is no such kind of database", found=found, fix=fix) from None
        except (sa.exc.ArgumentError, TypeError) as error:
            raise InputError(self.name, "must be a URL that SQLAlchemy knows", found=str(error)) from None

    @contextmanager
    def read_transaction(self) -> Iterator[sa.Connection]:
        """Yield a connection in a transaction that only reads."""
        with self.explain_errors(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write_transaction(self) -> Iterator[sa.Connection]:
        """Yield a connection in a transaction that is committed at the end, or rolled back if the block raises.

        Raises:
            StoreError: The file was deleted or replaced since the store was opened.
        """
        self._check_file_id()
        with self.explain_errors(), self._writer.begin() as connection:
            yield connection
        self._limit_wal()

    @contextmanager
    def upgrade_transaction(self) -> Iterator[sa.Connection]:
        """Like :meth:`write_transaction`, but only one process at a time can be in it."""
        with self.write_transaction() as connection:  # on SQLite there is only one writer anyway
            if self.url.get_backend_name() == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
            yield connection

    def use_wal(self) -> None:
        """Set an SQLite file to WAL mode, in which readers and a writer do not block each other, if that is safe."""
        if not self.is_sqlite or not sqlite.has_safe_wal():
            return
        deadline = time.monotonic() + LOCK_SECONDS
        with self.explain_errors():
            while True:
                raw = self.engine.raw_connection()
                try:
                    raw.cursor().execute("PRAGMA journal_mode=WAL")
                except sqlite.library().OperationalError as error:
                    # SQLite does not wait here if another process sets it at the same time.
                    if "locked" not in str(error) or time.monotonic() > deadline:
                        raise
                else:
                    return
                finally:
                    raw.close()
                time.sleep(0.01)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def explain_errors(self) -> AbstractContextManager[None]:
        """Translate the database errors raised in the block."""
        return explain_errors(self.name)

    def watch_file(self) -> None:
        """From now on, raise before writing if the file was deleted or replaced since it was opened.

        SQLite would continue to write to a deleted file, which nobody could ever read.
        """
        if self.file is not None:
            self._file_id = _file_id(self.file)

    def _check_file_id(self) -> None:
        if self._file_id is not None and self.file is not None and _file_id(self.file) != self._file_id:
            rule, fix = "was deleted or replaced while it was in use", "Put it back, or take another store."
            raise StoreError(self.name, rule, fix=fix)

    def _limit_wal(self) -> None:
        """Empty the log if it has grown; SQLite's automatic checkpoints cannot while there always is some reader."""
        if self.file is None or time.monotonic() < self._checkpoint_due:
            return
        size = self._wal_size()
        if size < WAL_BYTES:
            return
        wait = _LONG_WAIT if size >= _LONG_WAL_BYTES else 0.0
        emptied = False
        with suppress(sqlite.library().Error, sa.exc.SQLAlchemyError):  # the data is safe; a later commit tries again
            emptied = self._empty_wal(wait)
        self._checkpoint_due = time.monotonic() + (_LONG_PAUSE if wait and not emptied else _CHECKPOINT_PAUSE)

    def _wal_size(self) -> int:
        try:
            return Path(f"{self.file}-wal").stat().st_size
        except OSError:
            return 0

    def _empty_wal(self, seconds: float) -> bool:
        """Try to empty the log, at least once and up to ``seconds``; return whether this or another process did.

        A checkpoint fails at once while another process runs one, and competes with all writers for the lock; so all
        writers have to wait until the log is empty.
        """
        deadline = time.monotonic() + seconds
        while not self._checkpoint() and self._wal_size() >= WAL_BYTES:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_RETRY_SECONDS)
        return True

    def _checkpoint(self) -> bool:
        """Write the log into the database file and empty it; return False if other connections prevented it."""
        raw = self.engine.raw_connection()
        cursor = raw.cursor()
        try:
            cursor.execute(f"PRAGMA busy_timeout={_CHECKPOINT_WAIT_MS}")
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy
        finally:
            cursor.execute(f"PRAGMA busy_timeout={int(LOCK_SECONDS * 1000)}")
            raw.close()


class ChangeDetector:
    """Detects cheaply whether a database may have changed; uses a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: sa.PoolProxiedConnection | None = None
        self._lock = threading.Lock()

    def version(self) -> int:
        """Return a number that changes if any process has written to the database.

        SQLite counts the commits of other connections (a few µs). PostgreSQL's snapshot identifies the transactions
        that have ended. For other databases the number always changes, so that callers read again each time.
        """
        match self._database.url.get_backend_name():
            case "sqlite":
                return self._data_version()
            case "postgresql":
                with self._database.read_transaction() as connection:
                    snapshot = connection.scalar(sa.select(sa.cast(sa.func.pg_current_snapshot(), sa.Text)))
                return zlib.crc32(str(snapshot).encode())
            case _:
                return time.monotonic_ns()

    def _data_version(self) -> int:
        with self._database.explain_errors(), self._lock:
            if self._connection is None:
                self._connection = self._database.engine.raw_connection()
            row = self._connection.cursor().execute("PRAGMA data_version").fetchone()
            return int(row[0])

    def close(self) -> None:
        """Return the connection to the pool."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def _connect_sqlite(uri: str) -> Any:
    # Transactions are started by `_begin_transaction`, not by the driver, which would start them at the first write.
    return sqlite.library().connect(uri, uri=True, isolation_level=None, check_same_thread=False)


def _file_id(file: Path) -> tuple[int, int] | None:
    """Return what identifies a file at a path; None if there is none."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _set_pragmas(connection: Any, _entry: ConnectionPoolEntry) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin_transaction(connection: sa.Connection) -> None:
    # A writer takes the lock at once: upgrading a reader to a writer can fail without waiting.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
