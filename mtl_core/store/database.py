"""The connection to the database: everything that differs from one database to the next is here and nowhere else."""

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
from mtl_core.store.urls import file_of

Access = Literal["write", "read", "immutable"]
"""How an SQLite file is opened; ``immutable``: without its log, where no log can be made (a read-only folder)."""

LOCK_SECONDS = 15.0
WAL_BYTES = 2 * 2**20
"""Size of an SQLite log from which on it is written into the database file and emptied."""
_CHECKPOINT_WAIT_MS = 200  # for readers, while other writers wait too
_CHECKPOINT_PAUSE = 0.25  # seconds until the next one, which readers may not have allowed
_LONG_WAL_BYTES = 3 * WAL_BYTES
"""Size from which on every writer waits until the log is emptied, as long as any reader of ours may take."""
_LONG_WAIT = 5.0
_LONG_PAUSE = 20.0  # seconds; a reader that is still there (another program's) must not keep runs from training
_RETRY_SECONDS = 0.01
_ANSWER_SECONDS = 10  # that a server may take to answer at all; the driver's own patience is over two minutes
_UPGRADE_LOCK = zlib.crc32(b"mtl-workbench schema")
_URI = {"write": "", "read": "?mode=ro", "immutable": "?mode=ro&immutable=1"}

# Set on every connection; none of them changes the file. The journal mode does, so `use_wal` sets it once, when the
# file is known to be ours.
_PRAGMAS = (
    # In WAL this is safe against a crash of the process, and a power cut may cost the last second.
    f"PRAGMA synchronous={'NORMAL' if sqlite.has_safe_wal() else 'FULL'}",
    f"PRAGMA busy_timeout={int(LOCK_SECONDS * 1000)}",  # wait for the other writer rather than fail
    f"PRAGMA journal_size_limit={WAL_BYTES}",  # what a large transaction made longer is cut off again
    "PRAGMA foreign_keys=ON",  # SQLite's default is off
)


class Database:
    """An engine with one way to read and one way to write.

    Both give a connection inside a transaction that sees one state of the database from its first to its last
    statement, and both turn what the database complains about into an error that names the store.
    """

    def __init__(self, url: sa.URL, access: Access = "write") -> None:
        self.url = url
        self.file = file_of(url)
        self.name = str(self.file or url.render_as_string(hide_password=True))
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.read_only = access != "write"
        self.engine = self._make_engine(access)
        self._identity: tuple[int, int] | None = None
        self._checkpoint_due = 0.0
        self._reader: sa.Engine
        self._writer: sa.Engine
        if self.is_sqlite:
            self._reader, self._writer = self.engine, self.engine.execution_options(writes=True)
            sa.event.listen(self.engine, "connect", _prepare)
            sa.event.listen(self.engine, "begin", _begin)
        else:
            self._reader, self._writer = self.engine.execution_options(isolation_level="REPEATABLE READ"), self.engine

    def _make_engine(self, access: Access) -> sa.Engine:
        settings: dict[str, Any] = {"pool_size": 4, "max_overflow": 16}
        if self.file is not None:
            sqlite.log_warning()
            connect = partial(_connect_sqlite, f"{self.file.as_uri()}{_URI[access]}")
            settings |= {"module": sqlite.library(), "creator": connect}
        elif self.url.get_backend_name() == "postgresql":
            settings["connect_args"] = {"connect_timeout": _ANSWER_SECONDS}
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
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that sees one state of the database and changes nothing."""
        with self.explained(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection whose changes are all kept at the end, or none of them if anything goes wrong.

        Raises:
            StoreError: The file was deleted or replaced since the store was opened.
        """
        self._check_identity()
        with self.explained(), self._writer.begin() as connection:
            yield connection
        self._limit_wal()

    @contextmanager
    def upgrading(self) -> Iterator[sa.Connection]:
        """As :meth:`writing`, keeping every other process out of :meth:`upgrading` meanwhile."""
        with self.writing() as connection:  # on SQLite it is the one writer already
            if self.url.get_backend_name() == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
            yield connection

    def use_wal(self) -> None:
        """Put an SQLite file into WAL, in which readers and a writer do not wait for each other, where that is safe."""
        if not self.is_sqlite or not sqlite.has_safe_wal():
            return
        deadline = time.monotonic() + LOCK_SECONDS
        with self.explained():
            while True:
                raw = self.engine.raw_connection()
                try:
                    raw.cursor().execute("PRAGMA journal_mode=WAL")
                except sqlite.library().OperationalError as error:
                    # SQLite does not wait here: another process is at it.
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

    def explained(self) -> AbstractContextManager[None]:
        """Raise what the database complains about inside as an error that names the store."""
        return explain_errors(self.name)

    def watch_file(self) -> None:
        """From now on refuse to write when the file at this place is no longer the one that is open.

        SQLite would go on writing into a deleted file, which nobody could ever read.
        """
        if self.file is not None:
            self._identity = _identity(self.file)

    def _check_identity(self) -> None:
        if self._identity is not None and self.file is not None and _identity(self.file) != self._identity:
            rule, fix = "was deleted or replaced while it was in use", "Put it back, or take another store."
            raise StoreError(self.name, rule, fix=fix)

    def _limit_wal(self) -> None:
        """Empty the log when it has grown: SQLite's own checkpoints never do while some reader is always at it."""
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
        """Try for some time to empty the log, once at least; whether it was, be it by another process.

        SQLite refuses a checkpoint at once while another process is at one, and gives the lock of writers to whoever
        comes by: so it takes all writers to wait for the log to be emptied.
        """
        deadline = time.monotonic() + seconds
        while not self._checkpoint() and self._wal_size() >= WAL_BYTES:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_RETRY_SECONDS)
        return True

    def _checkpoint(self) -> bool:
        """Write the log into the database file and empty it; False where others did not allow that in time."""
        raw = self.engine.raw_connection()
        cursor = raw.cursor()
        try:
            cursor.execute(f"PRAGMA busy_timeout={_CHECKPOINT_WAIT_MS}")
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy
        finally:
            cursor.execute(f"PRAGMA busy_timeout={int(LOCK_SECONDS * 1000)}")
            raw.close()


class Changes:
    """Tells cheaply whether a database may have changed, on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: sa.PoolProxiedConnection | None = None
        self._lock = threading.Lock()

    def version(self) -> int:
        """A number that differs from the last one if anything was written meanwhile, by whomever.

        SQLite counts the commits of other connections (a few µs). PostgreSQL's snapshot tells which transactions
        have ended. For other databases the number always differs, which costs a look and loses nothing.
        """
        match self._database.url.get_backend_name():
            case "sqlite":
                return self._data_version()
            case "postgresql":
                with self._database.reading() as connection:
                    snapshot = connection.scalar(sa.select(sa.cast(sa.func.pg_current_snapshot(), sa.Text)))
                return zlib.crc32(str(snapshot).encode())
            case _:
                return time.monotonic_ns()

    def _data_version(self) -> int:
        with self._database.explained(), self._lock:
            if self._connection is None:
                self._connection = self._database.engine.raw_connection()
            row = self._connection.cursor().execute("PRAGMA data_version").fetchone()
            return int(row[0])

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def _connect_sqlite(uri: str) -> Any:
    # Transactions are begun by `_begin`, not by the driver, which would begin them at the first write.
    return sqlite.library().connect(uri, uri=True, isolation_level=None, check_same_thread=False)


def _identity(file: Path) -> tuple[int, int] | None:
    """What tells a file from another one at the same place; None when there is none."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: sa.Connection) -> None:
    # A writer takes its turn at once: a reader that becomes a writer later may be refused without waiting.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
