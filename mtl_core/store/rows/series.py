"""Rows of series, stored in chunks: appending, incremental reading, rewinding to a step and merging of chunks.

A point has an index in its series, and a chunk has the index of its first point. So a reader that has read ``n`` points
of a series can tell which points of a chunk are new, whether the chunk was appended or merged from others. Rewinding
drops points, and their indices are used again; the run counts its rewinds, and a reader with another count starts over.
"""

import operator
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.store.records import Cursor, Points
from mtl_core.store.rows.damage import RowCheck, damage_error
from mtl_core.store.rows.run_records import read_summaries
from mtl_core.store.rows.running_summary import RunningSummary, direction_of
from mtl_core.store.tables import CHUNK, RUN, SUMMARY

# Statements are built once: SQLAlchemy caches their text by identity, and compiling is most of the cost of a small one.
_INSERT_CHUNKS = sa.insert(CHUNK)
_INSERT_SUMMARIES = sa.insert(SUMMARY)
_UPDATE_SUMMARIES = (
    sa.update(SUMMARY)
    .where(*(SUMMARY.c[name] == sa.bindparam(f"of_{name}") for name in ("run_id", "task", "split", "metric")))
    .values({name: sa.bindparam(name) for name in RunningSummary.COLUMNS})
)
_DELETE_SUMMARIES = sa.delete(SUMMARY).where(SUMMARY.c.run_id == sa.bindparam("of_run"))
_SELECT_SUMMARIES = sa.select(SUMMARY).where(SUMMARY.c.run_id == sa.bindparam("of_run"))
_SELECT_CHUNKS = (
    sa.select(*(CHUNK.c[name] for name in ("id", "task", "split", "metric", "first", "count", "steps", "numbers")))
    .where(CHUNK.c.run_id == sa.bindparam("of_run"), CHUNK.c.id > sa.bindparam("after"))
    .order_by(CHUNK.c.id)
)
_SELECT_SMALL_CHUNKS = _SELECT_CHUNKS.where(CHUNK.c.count < sa.bindparam("below"))
_DELETE_CHUNKS = sa.delete(CHUNK).where(CHUNK.c.id == sa.bindparam("old"))
_SELECT_REWINDS = sa.select(RUN.c.rewinds).where(RUN.c.id == sa.bindparam("of_run"))
_INCREMENT_REWINDS = sa.update(RUN).where(RUN.c.id == sa.bindparam("of_run")).values(rewinds=RUN.c.rewinds + 1)
_CHUNK_CHECK = RowCheck([(int,), (str,), (str,), (str,), (int,), (int,), (bytes,), (bytes,)])
_NO_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Row of a chunk."""

    id: int
    first: int
    count: int
    steps: bytes
    numbers: bytes

    def points(self, skip: int = 0) -> Points:
        """Return its points, without the first ``skip``."""
        steps, values = np.frombuffer(self.steps, "<i8"), np.frombuffer(self.numbers, "<f8")
        return Points.of(steps[skip:], values[skip:])


def append(
    connection: sa.Connection, run: int, points: Mapping[SeriesKey, Points], directions: Mapping[Any, Direction]
) -> None:
    """Append points to series, one chunk each, and update their summaries."""
    summaries = _read_running_summaries(connection, run)
    chunks: list[dict[str, Any]] = []
    updated_summaries: dict[SeriesKey, RunningSummary] = {}
    new_summaries: dict[SeriesKey, RunningSummary] = {}
    for key, new in points.items():
        if not len(new):
            continue
        summary = summaries.get(key) or RunningSummary(direction_of(key, directions))
        chunks.append(_chunk_row(run, key, summary.count, new))
        (updated_summaries if key in summaries else new_summaries)[key] = summary.with_points(new)
    if chunks:
        connection.execute(_INSERT_CHUNKS, chunks)
    if updated_summaries:
        rows = [_key_columns(run, key, "of_") | summary.row() for key, summary in updated_summaries.items()]
        connection.execute(_UPDATE_SUMMARIES, rows)
    _insert_summaries(connection, run, new_summaries)


def read(connection: sa.Connection, run: int, cursor: Cursor | None) -> tuple[dict[SeriesKey, Points], Cursor] | None:
    """Return the points since a cursor and the next cursor; None if there is no such run."""
    rewinds = connection.scalar(_SELECT_REWINDS, {"of_run": run})
    if rewinds is None:
        return None
    reset = cursor is not None and (cursor.run, cursor.rewinds) != (run, rewinds)
    start = Cursor(run) if cursor is None or reset else cursor
    newest, new_points = start.chunk, {}
    counts = dict(start.counts)
    for key, chunks in _select_chunks(connection, _SELECT_CHUNKS, run, after=start.chunk).items():
        newest = max(newest, *(chunk.id for chunk in chunks))
        points = _concatenate(chunks, counts.get(key, 0))
        if len(points):
            new_points[key] = points
            counts[key] = counts.get(key, 0) + len(points)
    new_points = dict(sorted(new_points.items()))  # the order of the chunks depends on merging
    return new_points, Cursor(run, reset, rewinds, newest, counts)


def copy(connection: sa.Connection, source: int, run: int, last: Mapping[str, int]) -> None:
    """Copy the points of a run into a new one.

    Args:
        connection: Connection to the store.
        source: The run that has the points.
        run: The run that gets them.
        last: The last step to copy, by split; nothing of a split that is not named.

    Raises:
        StoreError: The points are damaged.
    """
    summaries = _read_running_summaries(connection, source)
    points = {
        key: _truncate(_concatenate(chunks, 0), last[key.split])
        for key, chunks in _select_chunks(connection, _SELECT_CHUNKS, source).items()
        if key.split in last
    }
    directions = {key: summaries[key].direction for key in points if key in summaries}
    append(connection, run, points, directions)


def rewind(connection: sa.Connection, run: int, step: int | Mapping[str, int]) -> bool:
    """Drop the points after a step, given for all splits or by split; return whether there were any."""
    chunks = _select_chunks(connection, _SELECT_CHUNKS, run)
    before = {key: _concatenate(parts, 0) for key, parts in chunks.items()}
    last = {key: step if isinstance(step, int) else step[key.split] for key in before}
    after = {key: _truncate(points, last[key]) for key, points in before.items()}
    shorter = [key for key in before if len(after[key]) < len(before[key])]
    if not shorter:
        return False
    old = [chunk for key in shorter for chunk in chunks[key]]
    _replace(connection, old, [_chunk_row(run, key, 0, after[key]) for key in shorter if len(after[key])])
    old_summaries = _read_running_summaries(connection, run)
    directions = {key: old_summaries[key].direction if key in old_summaries else direction_of(key, {}) for key in after}
    summaries = {
        key: RunningSummary(directions[key]).with_points(points) for key, points in after.items() if len(points)
    }
    connection.execute(_DELETE_SUMMARIES, {"of_run": run})
    _insert_summaries(connection, run, summaries)
    connection.execute(_INCREMENT_REWINDS, {"of_run": run})
    return True


def merge(connection: sa.Connection, run: int, *, below: int = _NO_LIMIT) -> None:
    """Merge contiguous chunks of each series, of those with fewer points than ``below``."""
    old, new = [], []
    for key, chunks in _select_chunks(connection, _SELECT_SMALL_CHUNKS, run, below=below).items():
        for group in _group_contiguous(chunks):
            if len(group) > 1:
                first = group[0].first
                old += group
                new.append(_chunk_row(run, key, first, _concatenate(group, first)))
    _replace(connection, old, new)


def _select_chunks(
    connection: sa.Connection, statement: sa.Select[Any], run: int, *, after: int = 0, **parameters: int
) -> dict[SeriesKey, list[_Chunk]]:
    """Select the chunks of a run by series, in the order of their points.

    Raises:
        StoreError: A chunk is damaged.
    """
    by_key: dict[SeriesKey, list[_Chunk]] = defaultdict(list)
    for row in connection.execute(statement, {"of_run": run, "after": after, **parameters}):
        chunk_id, task, split, metric, first, count, steps, numbers = row
        if _CHUNK_CHECK.wrong_column(row) >= 0 or not len(steps) == len(numbers) == 8 * count:
            raise damage_error(run, f"a chunk of the series {task}, {split}, {metric}")
        by_key[SeriesKey(task, split, metric)].append(_Chunk(chunk_id, first, count, steps, numbers))
    for chunks in by_key.values():
        chunks.sort(key=lambda chunk: chunk.first)
    return by_key


def _concatenate(chunks: Sequence[_Chunk], start: int) -> Points:
    """Concatenate the points of chunks from index ``start`` on."""
    parts = []
    for chunk in chunks:
        skip = max(0, start - chunk.first)
        if skip < chunk.count:
            parts.append(chunk.points(skip))
            start = chunk.first + chunk.count
    if len(parts) == 1:
        return parts[0]
    steps = np.concatenate([part.steps for part in parts] or [np.empty(0, np.int64)])
    return Points(steps, np.concatenate([part.values for part in parts] or [np.empty(0)]))


def _group_contiguous(chunks: Iterable[_Chunk]) -> list[list[_Chunk]]:
    """Group chunks so that no points are missing between those of a group."""
    groups: list[list[_Chunk]] = []
    for chunk in chunks:
        if groups and groups[-1][-1].first + groups[-1][-1].count == chunk.first:
            groups[-1].append(chunk)
        else:
            groups.append([chunk])
    return groups


def _truncate(points: Points, step: int) -> Points:
    """Return the points up to a step."""
    mask = points.steps <= step
    return Points(points.steps[mask], points.values[mask])


def _chunk_row(run: int, key: SeriesKey, first: int, points: Points) -> dict[str, Any]:
    arrays = {"steps": points.steps.astype("<i8").tobytes(), "numbers": points.values.astype("<f8").tobytes()}
    return _key_columns(run, key) | {"first": first, "count": len(points)} | arrays


def _replace(connection: sa.Connection, old: Iterable[_Chunk], new: list[dict[str, Any]]) -> None:
    if ids := [{"old": chunk.id} for chunk in old]:
        connection.execute(_DELETE_CHUNKS, ids)
    if new:
        connection.execute(_INSERT_CHUNKS, new)


def _read_running_summaries(connection: sa.Connection, run: int) -> dict[SeriesKey, RunningSummary]:
    series, damage = read_summaries(connection.execute(_SELECT_SUMMARIES, {"of_run": run}))
    if damage:
        raise damage_error(run, damage[run])
    columns = operator.attrgetter(*RunningSummary.COLUMNS)
    return {summary.key: RunningSummary(*columns(summary)) for summary in series.get(run, ())}


def _insert_summaries(connection: sa.Connection, run: int, summaries: Mapping[SeriesKey, RunningSummary]) -> None:
    if summaries:
        rows = [_key_columns(run, key) | summary.row() for key, summary in summaries.items()]
        connection.execute(_INSERT_SUMMARIES, rows)


def _key_columns(run: int, key: SeriesKey, prefix: str = "") -> dict[str, Any]:
    """Return the columns that identify a series."""
    columns = {"run_id": run, "task": key.task, "split": key.split, "metric": key.metric}
    return {prefix + name: value for name, value in columns.items()}
