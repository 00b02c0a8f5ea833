"""The connection to the database: everything that differs from one database to the next is here and nowhere else."""

import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from mtl_core.spec import InputError
from mtl_core.store.places import file_of

LOCK_SECONDS = 15.0
_UPGRADE_LOCK = zlib.crc32(b"mtl-workbench schema")

# Set on every connection; none of them changes the file. The journal mode does, so `use_wal` sets it once, when the
# file is known to be ours.
_PRAGMAS = (
    "PRAGMA synchronous=NORMAL",  # in WAL: safe against a crash of the process; a power cut may cost the last second
    f"PRAGMA busy_timeout={int(LOCK_SECONDS * 1000)}",  # wait for the other writer rather than fail
    "PRAGMA foreign_keys=ON",  # SQLite's default is off
)


class Database:
    """An engine with one way to read and one way to write.

    Both give a connection inside a transaction that sees one state of the database from its first to its last
    statement, and both turn what the database complains about into an ``InputError`` that names the store.
    """

    def __init__(self, url: sa.URL) -> None:
        self.url = url
        self.name = str(file_of(url) or url.render_as_string(hide_password=True))
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = self._make_engine()
        self._reader: sa.Engine
        self._writer: sa.Engine
        if self.is_sqlite:
            self._reader, self._writer = self.engine, self.engine.execution_options(writes=True)
            sa.event.listen(self.engine, "connect", _prepare)
            sa.event.listen(self.engine, "begin", _begin)
        else:
            self._reader, self._writer = self.engine.execution_options(isolation_level="REPEATABLE READ"), self.engine

    def _make_engine(self) -> sa.Engine:
        # SQLite's transactions are begun by `_begin`, not by the driver, which would begin them at the first write.
        settings: dict[str, Any] = {"isolation_level": None} if self.is_sqlite else {}
        if self.url.get_backend_name() == "postgresql":
            settings = {"connect_timeout": _ANSWER_SECONDS}
        try:
            return sa.create_engine(self.url, connect_args=settings, pool_size=4, max_overflow=16)
        except ModuleNotFoundError as error:
            rule, fix = "needs a driver that is not installed", "Run: pip install 'mtl-workbench[postgresql]'."
            raise InputError(self.name, rule, found=error.name, fix=fix) from None
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
        """A connection whose changes are all kept at the end, or none of them if anything goes wrong."""
        with self.explained(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def upgrading(self) -> Iterator[sa.Connection]:
        """As :meth:`writing`, keeping every other process out of :meth:`upgrading` meanwhile."""
        with self.writing() as connection:  # on SQLite it is the one writer already
            if self.url.get_backend_name() == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
            yield connection

    def use_wal(self) -> None:
        """Put an SQLite file into WAL, in which readers and a writer do not wait for each other."""
        if not self.is_sqlite:
            return
        deadline = time.monotonic() + LOCK_SECONDS
        with self.explained():
            while True:
                raw = self.engine.raw_connection()
                try:
                    raw.cursor().execute("PRAGMA journal_mode=WAL")
                except sqlite3.OperationalError as error:  # SQLite does not wait here: another process is at it
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

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Say what the database complains about inside, as an ``InputError``."""
        try:
            yield
        except (sa.exc.DBAPIError, sqlite3.Error) as error:
            explanation = _explanation(self.name, error)
            if explanation is None:  # no fault of the input but of this program
                raise
            raise explanation from error
        except (OverflowError, UnicodeEncodeError) as error:
            raise InputError(self.name, "a value is more than the database can hold", found=str(error)) from error
        except sa.exc.TimeoutError as error:
            raise InputError(self.name, "too many threads use this store at once", found=str(error)) from error


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


def _prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: sa.Connection) -> None:
    # A writer takes its turn at once: a reader that becomes a writer later may be refused without waiting.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


# What databases say in their own words, and what it means for a person.
_COMPLAINTS = (
    ("is full", "the disk is full", "Free some space and try again; what was stored is intact."),
    ("no space left", "the disk is full", "Free some space and try again; what was stored is intact."),
    ("readonly", "may not be written to", "Change its permissions or take another store."),
    ("read-only", "may not be written to", "Change its permissions or take another store."),
    ("permission denied", "may not be written to", "Change its permissions or take another store."),
    ("not a database", "must be an SQLite database", "Take another file; this one was left as it was."),
    ("malformed", "the database is damaged", "Restore it from a copy."),
    ("locked", "another program keeps the store locked", "Close it and try again."),
    ("unable to open", "cannot be opened", "See that the folder exists and may be written to."),
    ("disk i/o error", "the disk cannot be read or written", "See that the disk is whole and not full."),
    ("authentication failed", "the database refuses the user or the password", "Correct the URL."),
    ("does not exist", "the server has no such database or user", "Make it, or correct the URL."),
)
_ANSWER_SECONDS = 10  # that a server may take to answer at all; the driver's own patience is over two minutes


def _explanation(name: str, error: Exception) -> InputError | None:
    said = " ".join(str(getattr(error, "orig", error)).split()).rpartition(" failed: ")[2]
    if isinstance(error, sa.exc.DataError):
        return InputError(name, "a value is more than the database can hold", found=said)
    for words, rule, fix in _COMPLAINTS:
        if words in said.lower():
            return InputError(name, rule, found=said, fix=fix)
    away = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) and error.statement is None
    if away or "connection" in said.lower():
        fix = "See that the server runs and the URL is right."
        return InputError(name, "the database does not answer", found=said, fix=fix)
    return None
