"""Series as chunks: writing, reading what is new, going back to a step, merging.

A point has a number in its series, from 0 on, and a chunk knows the number of its first point. So a reader that has
seen ``n`` points of a series knows what of any chunk is new to it, whether the chunk was appended or merged from
others. Going back drops points and gives their numbers away again; the run counts how often that happened, and a
reader that knows another count starts over.
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
from mtl_core.store.rows.damage import RowCheck, error_of
from mtl_core.store.rows.run_records import whole_summaries
from mtl_core.store.rows.summary import Totals, direction_of
from mtl_core.store.tables import CHUNK, RUN, SUMMARY

# Statements are built once: their text is found again by identity, which is most of the cost of a small one.
_ADD_CHUNKS = sa.insert(CHUNK)
_ADD_TOTALS = sa.insert(SUMMARY)
_SET_TOTALS = (
    sa.update(SUMMARY)
    .where(*(SUMMARY.c[name] == sa.bindparam(f"of_{name}") for name in ("run_id", "task", "split", "metric")))
    .values({name: sa.bindparam(name) for name in Totals.COLUMNS})
)
_DROP_TOTALS = sa.delete(SUMMARY).where(SUMMARY.c.run_id == sa.bindparam("of_run"))
_TOTALS = sa.select(SUMMARY).where(SUMMARY.c.run_id == sa.bindparam("of_run"))
_PIECES = (
    sa.select(*(CHUNK.c[name] for name in ("id", "task", "split", "metric", "first", "count", "steps", "numbers")))
    .where(CHUNK.c.run_id == sa.bindparam("of_run"), CHUNK.c.id > sa.bindparam("after"))
    .order_by(CHUNK.c.id)
)
_SMALL_PIECES = _PIECES.where(CHUNK.c.count < sa.bindparam("below"))
_DROP_PIECES = sa.delete(CHUNK).where(CHUNK.c.id == sa.bindparam("old"))
_REWINDS = sa.select(RUN.c.rewinds).where(RUN.c.id == sa.bindparam("of_run"))
_COUNT_REWIND = sa.update(RUN).where(RUN.c.id == sa.bindparam("of_run")).values(rewinds=RUN.c.rewinds + 1)
_CHECK = RowCheck([(int,), (str,), (str,), (str,), (int,), (int,), (bytes,), (bytes,)])
_ALL = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Piece:
    """A chunk as it was read."""

    id: int
    first: int
    count: int
    steps: bytes
    numbers: bytes

    def points(self, skip: int = 0) -> Points:
        """Its points from one on."""
        steps, values = np.frombuffer(self.steps, "<i8"), np.frombuffer(self.numbers, "<f8")
        return Points.of(steps[skip:], values[skip:])


def append(
    connection: sa.Connection, run: int, points: Mapping[SeriesKey, Points], directions: Mapping[Any, Direction]
) -> None:
    """Write new points of some series, one chunk each, and bring their summaries up to date."""
    known = _totals(connection, run)
    chunks: list[dict[str, Any]] = []
    changed: dict[SeriesKey, Totals] = {}
    added: dict[SeriesKey, Totals] = {}
    for key, new in points.items():
        if not len(new):
            continue
        old = known.get(key) or Totals(direction_of(key, directions))
        chunks.append(_chunk(run, key, old.count, new))
        (changed if key in known else added)[key] = old.with_points(new)
    if chunks:
        connection.execute(_ADD_CHUNKS, chunks)
    if changed:
        connection.execute(_SET_TOTALS, [_named(run, key, "of_") | total.row() for key, total in changed.items()])
    _add_totals(connection, run, added)


def read(connection: sa.Connection, run: int, cursor: Cursor | None) -> tuple[dict[SeriesKey, Points], Cursor] | None:
    """The points that came since the cursor, and the cursor after them; None when there is no such run."""
    rewinds = connection.scalar(_REWINDS, {"of_run": run})
    if rewinds is None:
        return None
    reset = cursor is not None and (cursor.run, cursor.rewinds) != (run, rewinds)
    start = Cursor(run) if cursor is None or reset else cursor
    newest, fresh = start.chunk, {}
    counts = dict(start.counts)
    for key, pieces in _pieces(connection, _PIECES, run, after=start.chunk).items():
        newest = max(newest, *(piece.id for piece in pieces))
        joined = _joined(pieces, counts.get(key, 0))
        if len(joined):
            fresh[key] = joined
            counts[key] = counts.get(key, 0) + len(joined)
    fresh = dict(sorted(fresh.items()))  # whether or not the chunks were merged meanwhile
    return fresh, Cursor(run, reset, rewinds, newest, counts)


def rewind(connection: sa.Connection, run: int, step: int | Mapping[str, int]) -> bool:
    """Drop the points after a step, or after one by split; True when there were any."""
    pieces = _pieces(connection, _PIECES, run)
    before = {key: _joined(parts, 0) for key, parts in pieces.items()}
    last = {key: step if isinstance(step, int) else step[key.split] for key in before}
    after = {key: _up_to(points, last[key]) for key, points in before.items()}
    shorter = [key for key in before if len(after[key]) < len(before[key])]
    if not shorter:
        return False
    old = [piece for key in shorter for piece in pieces[key]]
    _replace(connection, old, [_chunk(run, key, 0, after[key]) for key in shorter if len(after[key])])
    known = _totals(connection, run)
    directions = {key: known[key].direction if key in known else direction_of(key, {}) for key in after}
    totals = {key: Totals(directions[key]).with_points(points) for key, points in after.items() if len(points)}
    connection.execute(_DROP_TOTALS, {"of_run": run})
    _add_totals(connection, run, totals)
    connection.execute(_COUNT_REWIND, {"of_run": run})
    return True


def merge(connection: sa.Connection, run: int, *, below: int = _ALL) -> None:
    """Make one chunk of neighbouring chunks of a series, of those with fewer points than ``below``."""
    old, new = [], []
    for key, pieces in _pieces(connection, _SMALL_PIECES, run, below=below).items():
        for neighbours in _neighbours(pieces):
            if len(neighbours) > 1:
                first = neighbours[0].first
                old += neighbours
                new.append(_chunk(run, key, first, _joined(neighbours, first)))
    _replace(connection, old, new)


def _pieces(
    connection: sa.Connection, statement: sa.Select[Any], run: int, *, after: int = 0, **more: int
) -> dict[SeriesKey, list[_Piece]]:
    """The chunks of a run by series, each in the order of its points."""
    found: dict[SeriesKey, list[_Piece]] = defaultdict(list)
    for row in connection.execute(statement, {"of_run": run, "after": after, **more}):
        number, task, split, metric, first, count, steps, numbers = row
        if _CHECK.wrong_column(row) >= 0 or not len(steps) == len(numbers) == 8 * count:
            raise error_of(run, f"a stretch of {task}, {split}, {metric}")
        found[SeriesKey(task, split, metric)].append(_Piece(number, first, count, steps, numbers))
    for pieces in found.values():
        pieces.sort(key=lambda piece: piece.first)
    return found


def _joined(pieces: Sequence[_Piece], seen: int) -> Points:
    """The points of some chunks from number ``seen`` on."""
    parts = []
    for piece in pieces:
        skip = max(0, seen - piece.first)
        if skip < piece.count:
            parts.append(piece.points(skip))
            seen = piece.first + piece.count
    if len(parts) == 1:
        return parts[0]
    steps = np.concatenate([part.steps for part in parts] or [np.empty(0, np.int64)])
    return Points(steps, np.concatenate([part.values for part in parts] or [np.empty(0)]))


def _neighbours(pieces: Iterable[_Piece]) -> list[list[_Piece]]:
    """Chunks in groups between which points are missing."""
    groups: list[list[_Piece]] = []
    for piece in pieces:
        if groups and groups[-1][-1].first + groups[-1][-1].count == piece.first:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _up_to(points: Points, step: int) -> Points:
    kept = points.steps <= step
    return Points(points.steps[kept], points.values[kept])


def _chunk(run: int, key: SeriesKey, first: int, points: Points) -> dict[str, Any]:
    arrays = {"steps": points.steps.astype("<i8").tobytes(), "numbers": points.values.astype("<f8").tobytes()}
    return _named(run, key) | {"first": first, "count": len(points)} | arrays


def _replace(connection: sa.Connection, old: Iterable[_Piece], new: list[dict[str, Any]]) -> None:
    if numbers := [{"old": piece.id} for piece in old]:
        connection.execute(_DROP_PIECES, numbers)
    if new:
        connection.execute(_ADD_CHUNKS, new)


def _totals(connection: sa.Connection, run: int) -> dict[SeriesKey, Totals]:
    series, damage = whole_summaries(connection.execute(_TOTALS, {"of_run": run}))
    if damage:
        raise error_of(run, damage[run])
    columns = operator.attrgetter(*Totals.COLUMNS)
    return {summary.key: Totals(*columns(summary)) for summary in series.get(run, ())}


def _add_totals(connection: sa.Connection, run: int, totals: Mapping[SeriesKey, Totals]) -> None:
    if totals:
        connection.execute(_ADD_TOTALS, [_named(run, key) | total.row() for key, total in totals.items()])


def _named(run: int, key: SeriesKey, prefix: str = "") -> dict[str, Any]:
    """The columns that name a series."""
    columns = {"run_id": run, "task": key.task, "split": key.split, "metric": key.metric}
    return {prefix + name: value for name, value in columns.items()}
