"""Rows of runs as the database has them, for exports and imports: JSON as text, NaN as NULL, arrays as bytes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from mtl_core.store.tables import METADATA, RUN, Json, Number

RAW_TABLES = ("runs", "tasks", "tags", "settings", "summaries", "chunks", "events", "artifacts", "requests")
"""The tables of a store, those first to which others refer."""
RawRows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows by table; a row has a value for each column."""
START_RUN = ("training", "start_from", "run")
"""Where a spec names another run, whose weights it begins with."""
_BATCH = 1000  # databases limit the number of values in a statement


def _raw_table(table: sa.Table) -> sa.Table:
    columns = (sa.Column(column.name, _raw_type(column.type), primary_key=column.primary_key) for column in table.c)
    return sa.Table(table.name, sa.MetaData(), *columns)


def _raw_type(type_: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    match type_:
        case Json():
            return sa.Text()
        case Number():
            return sa.Double()
    return type_


_TABLES = {name: _raw_table(METADATA.tables[name]) for name in RAW_TABLES}
_RUNS = _TABLES[RUN.name]


def raw_columns(table: str) -> dict[str, type]:
    """Return the columns of a table and the type of their values: int, float, bool, str (also of JSON) or bytes."""
    return {column.name: column.type.python_type for column in _TABLES[table].columns}


def json_columns(table: str) -> frozenset[str]:
    """Return the columns of a table whose texts are JSON."""
    return frozenset(column.name for column in METADATA.tables[table].columns if isinstance(column.type, Json))


def nullable_columns(table: str) -> frozenset[str]:
    """Return the columns of a table whose values may be missing."""
    return frozenset(column.name for column in METADATA.tables[table].columns if column.nullable)


def run_column(table: str) -> str:
    """Return the column with the number of the run."""
    return "id" if table == RUN.name else "run_id"


def select(connection: sa.Connection, table: str, runs: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Select the rows of runs, in the order of the runs and then of their keys."""
    found = _TABLES[table]
    run = found.c[run_column(table)]
    for start in range(0, len(runs), _BATCH):
        batch = runs[start : start + _BATCH]
        rows = connection.execute(sa.select(found).where(run.in_(batch)).order_by(run, *found.primary_key.columns))
        yield from map(dict, rows.mappings())


def find_copies(connection: sa.Connection, runs: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Find runs that are in the store already: those created at the same moment with the same seed and baseline.

    A person can edit none of these.

    Args:
        connection: Connection to the store.
        runs: Rows of the table ``runs``, of any store.

    Returns:
        The number of the run in this store, by the number in the row.
    """
    identity = (_RUNS.c.created, _RUNS.c.seed, _RUNS.c.baseline)
    here: dict[tuple[Any, ...], int] = {}
    for start in range(0, len(runs), _BATCH):
        times = [row["created"] for row in runs[start : start + _BATCH]]
        query = sa.select(_RUNS.c.id, *identity).where(_RUNS.c.created.in_(times))
        here |= {tuple(key): number for number, *key in connection.execute(query)}
    keys = ((row["id"], tuple(row[column.name] for column in identity)) for row in runs)
    return {number: here[key] for number, key in keys if key in here}


def insert(connection: sa.Connection, rows: RawRows) -> dict[int, int]:
    """Insert runs of another store, with new numbers; return these by the old ones.

    A run's parent, study and the run whose weights it begins with get their new numbers if they are among the runs.
    Otherwise the run has no parent, and those of its study become a study. The run's folder is left to the caller.

    Args:
        connection: Connection to the store.
        rows: Rows of every table, complete for their runs.
    """
    numbers = {}
    for row in sorted(rows[RUN.name], key=lambda row: row["id"]):
        values = {name: value for name, value in row.items() if name != "id"}
        values |= {"parent": None, "study": None, "folder": ""}
        inserted = connection.execute(sa.insert(_RUNS).values(values))
        numbers[row["id"]] = int(inserted.inserted_primary_key[0])  # type: ignore[index]  # a row was inserted
    studies = dict(numbers)
    for row in sorted(rows[RUN.name], key=lambda row: row["id"]):
        number, study = numbers[row["id"]], row["study"]
        values = {"parent": numbers.get(row["parent"]), "spec": _renumbered_spec(row["spec"], numbers)}
        if study is not None:
            values["study"] = studies.setdefault(study, number)
        connection.execute(sa.update(_RUNS).where(_RUNS.c.id == number).values(values))
    for table in RAW_TABLES[1:]:
        renumbered = [_renumbered(table, row, numbers) for row in rows[table]]
        if renumbered:
            connection.execute(sa.insert(_TABLES[table]), renumbered)
    return numbers


def start_run(spec: str) -> int | None:
    """Return the run whose weights a spec, as JSON, begins with; None if it begins with those of no run."""
    start = json.loads(spec)
    for name in START_RUN[:-1]:
        start = start.get(name) if isinstance(start, dict) else None
    run = start.get("run") if isinstance(start, dict) and start.get("kind") == "from_run" else None
    return run if isinstance(run, int) else None


def _renumbered_spec(spec: str, numbers: Mapping[int, int]) -> str:
    run = start_run(spec)
    if run is None or run not in numbers:
        return spec
    data = json.loads(spec)
    data["training"]["start_from"]["run"] = numbers[run]
    return json.dumps(data, ensure_ascii=False)


def _renumbered(table: str, row: Mapping[str, Any], numbers: Mapping[int, int]) -> dict[str, Any]:
    """Return a row with the new number of its run, and without its own id."""
    values = {name: value for name, value in row.items() if name != "id"} | {"run_id": numbers[row["run_id"]]}
    if table == "settings" and row["path"] == ".".join(START_RUN) and row["number"] in numbers:
        values |= {"text": str(numbers[row["number"]]), "number": float(numbers[row["number"]])}
    if table == "events" and row["kind"] == "forked":
        values["data"] = _renumbered_fork(row["data"], numbers)
    return values


def _renumbered_fork(data: str, numbers: Mapping[int, int]) -> str:
    fork = json.loads(data)
    if not isinstance(fork, dict) or fork.get("run") not in numbers:
        return data
    return json.dumps(fork | {"run": numbers[fork["run"]]}, ensure_ascii=False)
