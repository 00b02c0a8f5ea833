"""Rows of runs as the database has them, for exports: JSON as text, NaN as NULL, arrays as bytes."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from mtl_core.store.tables import METADATA, RUN, Json, Number

RAW_TABLES = ("runs", "tasks", "tags", "settings", "summaries", "chunks", "events", "artifacts", "requests")
"""The tables of a store, those first to which others refer."""
_BATCH = 1000  # databases limit the number of values in a statement


def raw_columns(table: str) -> dict[str, type]:
    """Return the columns of a table and the type of their values: int, float, bool, str (also of JSON) or bytes."""
    return {column.name: _raw_type(column.type).python_type for column in METADATA.tables[table].columns}


def nullable_columns(table: str) -> frozenset[str]:
    """Return the columns of a table whose values may be missing."""
    return frozenset(column.name for column in METADATA.tables[table].columns if column.nullable)


def run_column(table: str) -> str:
    """Return the column with the number of the run."""
    return "id" if table == RUN.name else "run_id"


def select(connection: sa.Connection, table: str, runs: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Select the rows of runs, in the order of the runs and then of their keys."""
    found = METADATA.tables[table]
    run = found.c[run_column(table)]
    query = sa.select(*(sa.type_coerce(column, _raw_type(column.type)).label(column.name) for column in found.columns))
    for start in range(0, len(runs), _BATCH):
        batch = query.where(run.in_(runs[start : start + _BATCH])).order_by(run, *found.primary_key.columns)
        yield from map(dict, connection.execute(batch).mappings())


def _raw_type(type_: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    match type_:
        case Json():
            return sa.Text()
        case Number():
            return sa.Double()
    return type_
