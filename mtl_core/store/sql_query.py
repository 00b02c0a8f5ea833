"""Reading of a store with SQL: one SELECT in a transaction that can change nothing."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mtl_core.errors import InputError, StoreError, shorten
from mtl_core.store.database import Database
from mtl_core.store.database_errors import translate_error
from mtl_core.store.opening import open_store, reading_database

_WHERE = "SQL"
_FIX = "Such as: SELECT id, name, state FROM runs."
_TOKEN = re.compile(
    r"""
      (?P<blank>\s+|--[^\n]*|/\*.*?\*/)
    | (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<word>[^\W\d]\w*)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_VERBS = frozenset({"select", "values", "insert", "update", "delete", "replace", "merge"})
_READ_ONLY = {"postgresql": "SET TRANSACTION READ ONLY", "sqlite": "PRAGMA query_only=ON"}
"""By database, what makes a connection or its transaction refuse changes; SQLite's file is opened for reading too."""
_INTERRUPT_EVERY = 200_000
"""SQLite's instructions, some milliseconds, between two moments at which Ctrl+C can end a query."""


@dataclass(frozen=True)
class QueryResult:
    """The answer to a query.

    Attributes:
        columns: Names of the columns, which may repeat.
        rows: For each row a value per column: None, a number, text or bytes.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def query_store(place: str | Path | None, sql: str) -> QueryResult:
    """Answer a SELECT on the tables of a store, by a connection that can only read.

    Args:
        place: The store; see :func:`mtl_core.store.open_store`. One of an older version is upgraded first.
        sql: One SELECT, which may begin with WITH.

    Raises:
        InputError: It is anything else, the database refuses it, or there is no such store.
        StoreError: The store is damaged, locked, or of a newer version.
        EnvironmentFault: The store cannot be opened.
    """
    statement = check_select(sql)
    open_store(place, create=False, allow_read_only=True).close()
    database = reading_database(place)
    try:
        return _execute(database, statement)
    finally:
        database.close()


def check_select(sql: str) -> str:
    """Return the one statement of a text, without a semicolon at its end.

    Raises:
        InputError: It is not one SELECT, with or without WITH before it.
    """
    tokens = [match for match in _TOKEN.finditer(sql) if match.lastgroup != "blank"]
    end = next((i for i, token in enumerate(tokens) if token.group() == ";"), len(tokens))
    if rest := [token for token in tokens[end:] if token.group() != ";"]:
        raise InputError(_WHERE, "must be one statement", found=sql[rest[0].start() :], fix="Leave out the others.")
    if _verb([token.group().lower() for token in tokens[:end]]) != "select":
        rule = "must be a SELECT, which may begin with WITH; nothing else is run on a store"
        raise InputError(_WHERE, rule, found=shorten(sql, 60) or None, fix=_FIX)
    return sql[: tokens[end - 1].end()]


def _verb(tokens: list[str]) -> str:
    """Return what a statement does: its first word, or the one behind the tables that WITH names."""
    if not tokens or tokens[0] != "with":
        return tokens[0] if tokens else ""
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth == 0 and token in _VERBS:
            return token
    return ""


def _execute(database: Database, statement: str) -> QueryResult:
    with database.read_transaction() as connection:
        if prepare := _READ_ONLY.get(database.url.get_backend_name()):
            connection.exec_driver_sql(prepare)
        if database.is_sqlite:
            driver: Any = connection.connection.driver_connection
            driver.set_progress_handler(lambda: 0, _INTERRUPT_EVERY)
        try:
            # Without parameters, a % or a question mark stands for itself.
            result = connection.execution_options(no_parameters=True).exec_driver_sql(statement)
            return QueryResult(tuple(result.keys()), [tuple(row) for row in result])
        except sa.exc.DBAPIError as error:
            if "interrupted" in str(error.orig):
                raise KeyboardInterrupt from None
            if isinstance(translate_error(database.name, error), StoreError):
                raise
            reason = shorten(str(error.orig).strip() or type(error.orig).__name__, 110)
            fix = "The reference of the store lists its tables and columns."
            raise InputError(_WHERE, "the database refuses the query", found=reason, fix=fix) from None
