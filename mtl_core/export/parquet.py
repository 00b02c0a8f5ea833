"""Runs as a folder of Parquet files, one for each table of the store, for pandas, DuckDB, Spark and others.

A table has the columns that it has in the store (:mod:`mtl_core.store`); JSON stays text. ``points.parquet`` takes the
place of the arrays: one row per point, with its run, task, split, metric, step and value.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mtl_core.files import atomic_folder, check_new_folder, write_text
from mtl_core.protocol.series_key import SeriesKey
from mtl_core.store import Points, RunStore
from mtl_core.store.rows.raw_rows import RAW_TABLES, raw_columns
from mtl_core.tabular.arrow import arrow, parquet

MARKER = "tables.json"
"""File in the folder that says what is in it."""
_FORMAT = 1
_RUNS_AT_ONCE = 500
_ROWS_AT_ONCE = 2**20
_TYPES = {int: "int64", float: "float64", bool: "bool", str: "string"}
_POINTS = {"run_id": int, **dict.fromkeys(SeriesKey._fields, str), "step": int, "value": float}
"""Columns of the points and the type of their values."""


def check_place(folder: Path, *, force: bool) -> None:
    """Check that tables can be written to a folder.

    Raises:
        InputError: Something exists there that may not be replaced.
    """
    check_new_folder(folder, marker=MARKER, what="a folder of Parquet tables", force=force)


def export_tables(store: RunStore, runs: Sequence[int], folder: Path) -> dict[str, int]:
    """Write runs as Parquet files, atomically: a file per table, and ``tables.json`` with what is in them.

    Args:
        store: The store.
        runs: Numbers of the runs.
        folder: The folder; see :func:`check_place`.

    Returns:
        The number of rows of each table.

    Raises:
        InputError: The folder around it does not exist.
        EnvironmentFault: The disk is full, or a permission is missing.
        StoreError: A series of a run is damaged.
    """
    with atomic_folder(folder) as new:
        counts = {name: _write_table(store, runs, name, new) for name in RAW_TABLES if name != "chunks"}
        counts["points"] = _write_points(store, runs, new)
        content = {"format": _FORMAT, "runs": list(runs), "rows": counts}
        write_text(new / MARKER, json.dumps(content))
    return counts


def _write_table(store: RunStore, runs: Sequence[int], name: str, folder: Path) -> int:
    count = 0
    with _writer(folder, name, raw_columns(name)) as (writer, schema):
        for start in range(0, len(runs), _RUNS_AT_ONCE):
            rows = store.raw_rows(name, runs[start : start + _RUNS_AT_ONCE])
            writer.write_table(arrow().Table.from_pylist(rows, schema))
            count += len(rows)
    return count


def _write_points(store: RunStore, runs: Iterable[int], folder: Path) -> int:
    count = 0
    with _writer(folder, "points", _POINTS) as (writer, schema):
        for batch in _batches(_series(store, runs)):
            table = arrow().concat_tables([_points_table(schema, *series) for series in batch])
            writer.write_table(table)
            count += len(table)
    return count


def _series(store: RunStore, runs: Iterable[int]) -> Iterator[tuple[int, SeriesKey, Points]]:
    for run in runs:
        series: Mapping[SeriesKey, Points] = store.read(run)[0]
        yield from ((run, key, points) for key, points in series.items())


def _batches(series: Iterable[tuple[int, SeriesKey, Points]]) -> Iterator[list[tuple[int, SeriesKey, Points]]]:
    """Group series to batches of many rows, since each becomes a row group of the file."""
    batch: list[tuple[int, SeriesKey, Points]] = []
    rows = 0
    for one in series:
        batch.append(one)
        rows += len(one[2])
        if rows >= _ROWS_AT_ONCE:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


def _points_table(schema: Any, run: int, key: SeriesKey, points: Points) -> Any:
    pa, count = arrow(), len(points)
    columns = [np.full(count, run), *(pa.repeat(pa.scalar(text), count) for text in key), points.steps, points.values]
    return pa.Table.from_arrays([pa.array(column) for column in columns], schema=schema)


@contextmanager
def _writer(folder: Path, name: str, columns: Mapping[str, type]) -> Iterator[tuple[Any, Any]]:
    """Context manager of the writer of a table, and its schema."""
    schema = arrow().schema([(column, _TYPES[kind]) for column, kind in columns.items()])
    with parquet().ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd") as writer:
        yield writer, schema
