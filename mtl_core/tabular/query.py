"""Read the rows that a query of a database answers, without a chance to change the database."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mtl_core.protocol.work_progress import report_progress
from mtl_core.spec import InputError, shorten
from mtl_core.spec.data.database_url import expand_variables, variables_of
from mtl_core.tabular.readers.table_file import named_columns
from mtl_core.tabular.readers.table_format import RawTable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL

_FETCHED_ROWS = 10_000
_CONNECT_SECONDS = 15
_COMMENT = re.compile(r"\s+|--[^\n]*(?:\n|$)|/\*.*?\*/", re.DOTALL)
_READS = re.compile(r"(?i)(?:select|with|values|table|from)\b|\(")
_URL_FIX = "Such as postgresql://reader:${DB_PASSWORD}@host/name or sqlite:///homes.db."
_READ_ONLY = {
    "postgresql": "SET TRANSACTION READ ONLY",
    "mysql": "SET TRANSACTION READ ONLY",
    "mariadb": "SET TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}
"""By dialect, what makes a connection or its transaction refuse changes."""


def read_query(url: str, sql: str) -> RawTable:
    """Read the rows of a query.

    Args:
        url: The URL of the database, with ``${NAME}`` for environment variables.
        sql: The query.

    Raises:
        InputError: The database cannot be reached, or refuses the query.
    """
    statement = _check_reads(sql)
    with _secrets_hidden(url), _engine(url) as engine, _connection(engine) as connection:
        names, rows = _fetch(connection, statement)
    import pandas as pd

    if not rows:
        raise InputError("dataset.sql", "the query answers no rows", found=", ".join(names) or None)
    frame = pd.DataFrame.from_records(rows, columns=range(len(names)), coerce_float=True)
    frame.columns = named_columns(names, "dataset.sql", "Give them names of their own with AS.")
    digest = blake2b(frame.to_csv(index=False).encode("utf-8", "replace"), digest_size=16).hexdigest()
    return RawTable(frame, f"a query of {engine.dialect.name}", digest=digest)


def sqlite_file(url: str) -> str:
    """The file of a database of SQLite, with absolute or relative path; empty of other databases."""
    match = re.fullmatch(r"sqlite(?:\+\w+)?:///([^?]+)(?:\?.*)?", url)
    return expand_variables(match[1], os.environ) if match and ":memory:" not in match[1] else ""


def _check_reads(sql: str) -> str:
    """The statement without comments before it and without a semicolon at the end."""
    start = 0
    while match := _COMMENT.match(sql, start):
        start = match.end()
    statement = sql[start:].rstrip().rstrip(";").rstrip()
    if not _READS.match(statement):
        found = shorten(statement, 40) or None
        raise InputError("dataset.sql", "must be a query that reads, a SELECT", found=found)
    return statement


@contextmanager
def _secrets_hidden(url: str) -> Iterator[None]:
    """Context manager that replaces the values of environment variables of a URL in errors."""
    try:
        yield
    except InputError as error:
        problem, values = error.problem, [os.environ.get(name, "") for name in variables_of(url)]
        texts = [problem.rule, problem.found, problem.fix]
        for value in filter(None, values):
            texts = [text.replace(value, "***") for text in texts]
        raise InputError(problem.path, texts[0], found=texts[1] or None, fix=texts[2]) from None


@contextmanager
def _engine(url: str) -> "Iterator[Engine]":
    """Context manager of an engine that keeps no connection."""
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    try:
        parts = make_url(expand_variables(url, os.environ))
        engine = create_engine(_read_only_url(parts), poolclass=NullPool, connect_args=_connect_arguments(parts))
    except InputError:
        raise
    except NoSuchModuleError:
        kind = shorten(url.partition(":")[0], 40)
        raise InputError("dataset.url", "there is no such kind of database", found=repr(kind), fix=_URL_FIX) from None
    except ImportError as error:
        name = getattr(error, "name", None) or "its driver"
        fix = f"Install it beside the program: pip install {name}."
        raise InputError("dataset.url", "needs a driver that is not installed", found=name, fix=fix) from None
    except (ArgumentError, ValueError, TypeError):
        raise InputError("dataset.url", "must be the URL of a database", fix=_URL_FIX) from None
    try:
        yield engine
    finally:
        engine.dispose()


def _read_only_url(url: "URL") -> "URL":
    """The URL of a file of SQLite that is opened for reading only, and is not made where there is none."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return url
    if not Path(url.database).is_file():
        raise InputError("dataset.url", "there is no such file", found=url.database)
    return url.set(database=f"file:{quote(url.database)}", query={"mode": "ro", "uri": "true"})


def _connect_arguments(url: "URL") -> dict[str, Any]:
    """The driver's arguments for a time limit of connecting, of the drivers whose name for it is known."""
    name = {"psycopg2": "connect_timeout", "psycopg": "connect_timeout", "pymysql": "connect_timeout"}
    driver = url.get_dialect().driver
    return {name[driver]: _CONNECT_SECONDS} if driver in name else {}


@contextmanager
def _connection(engine: "Engine") -> "Iterator[Connection]":
    """Context manager of a connection in a transaction that is rolled back."""
    from sqlalchemy.exc import DBAPIError

    try:
        connection = engine.connect()
    except (DBAPIError, OSError, UnicodeError) as error:
        fix = "Check host, port, name and password, and that the database runs."
        raise InputError("dataset.url", "the database cannot be opened", found=_reason(error), fix=fix) from None
    try:
        if statement := _READ_ONLY.get(engine.dialect.name):
            with suppress(DBAPIError):  # a server that does not know it still rolls back
                connection.exec_driver_sql(statement)
        yield connection
    finally:
        with suppress(DBAPIError):
            connection.rollback()
        connection.close()


def _fetch(connection: "Connection", statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The names of the columns and the rows."""
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    try:
        result = connection.exec_driver_sql(statement)
        names, rows = list(result.keys()), []
        while part := result.fetchmany(_FETCHED_ROWS):
            rows += [tuple(row) for row in part]
            report_progress(f"Reading rows, {len(rows)} so far", 0.1)
    except (DBAPIError, SQLAlchemyError, ValueError) as error:
        raise InputError("dataset.sql", "the database refuses the query", found=_reason(error)) from None
    return names, rows


def _reason(error: Exception) -> str:
    """The driver's message on one line."""
    original = getattr(error, "orig", None) or error
    return shorten(str(original).strip() or type(original).__name__, 110)
