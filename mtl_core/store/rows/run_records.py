"""Selection of runs, summaries and scores as records; thousands at a time, without damaged ones."""

import json
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, get_args

import sqlalchemy as sa

from mtl_core.errors import shorten
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.protocol.states import RUN_STATES
from mtl_core.store.records import RunRecord, Summary
from mtl_core.store.rows.damage import Damage, RowCheck, damage_error, select_rows
from mtl_core.store.rows.runs import missing_run_error
from mtl_core.store.tables import RUN, SUMMARY, TAG, TASK

_NAN = math.nan
_NONE = type(None)
_TEXT, _INTEGER, _NUMBER, _FLAG = (str,), (int,), (float, int), (bool,)
_COLUMN_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("id", "seed"), _INTEGER),
    **dict.fromkeys(("pid", "parent", "study"), (int, _NONE)),
    **dict.fromkeys(("created", "seconds"), _NUMBER),
    **dict.fromkeys(("started", "finished", "heartbeat"), (float, int, _NONE)),
    **dict.fromkeys(("starred", "archived"), _FLAG),
}
_JSON_COLUMNS = ("progress", "versions")
_PLAIN_COLUMNS = tuple(name for name in RunRecord.__dataclass_fields__ if name in RUN.c and name not in _JSON_COLUMNS)
_TIMES = tuple(_PLAIN_COLUMNS.index(name) for name in ("created", "started", "finished", "heartbeat"))
_STATE = _PLAIN_COLUMNS.index("state")
_MAX_TIME = 1e11  # seconds since 1970, in the year 5138: valid for the date functions of every system
# The JSON columns are selected as text and decoded here, so that a damaged one affects its own run only.
_RECORD = sa.select(
    *(RUN.c[name] for name in _PLAIN_COLUMNS), *(sa.type_coerce(RUN.c[name], sa.Text) for name in _JSON_COLUMNS)
)
_RECORD_CHECK = RowCheck([*(_COLUMN_TYPES.get(name, _TEXT) for name in _PLAIN_COLUMNS), (str, _NONE), (str, _NONE)])
_COLUMNS = (*_PLAIN_COLUMNS, *_JSON_COLUMNS)
_TASKS = sa.select(TASK.c.run_id, TASK.c.name).order_by(TASK.c.run_id, TASK.c.position)
_TAGS = sa.select(TAG.c.run_id, TAG.c.tag).order_by(TAG.c.run_id, TAG.c.tag)
_SUMMARIES = sa.select(SUMMARY).order_by(SUMMARY.c.run_id, SUMMARY.c.task, SUMMARY.c.split, SUMMARY.c.metric)
_SCORES = sa.select(
    *(SUMMARY.c[name] for name in ("run_id", "task", "split", "metric")),
    *(sa.type_coerce(SUMMARY.c[name], sa.Double) for name in ("best", "last", "min", "max")),
).order_by(SUMMARY.c.run_id, SUMMARY.c.task, SUMMARY.c.split, SUMMARY.c.metric)
_DIRECTIONS = frozenset(get_args(Direction))
_SUMMARY_CHECK = RowCheck(
    [
        _INTEGER, _TEXT, _TEXT, _TEXT, _TEXT, _INTEGER, _NUMBER, _INTEGER, _NUMBER, _NUMBER, _NUMBER, (int, _NONE),
    ]
)  # fmt: skip
_RUN_PARAMETER = sa.bindparam("of_run", type_=sa.Integer)
_ONE_RECORD = _RECORD.where(RUN.c.id == _RUN_PARAMETER)
_TASKS_OF_RUN = _TASKS.where(TASK.c.run_id == _RUN_PARAMETER)
_TAGS_OF_RUN = _TAGS.where(TAG.c.run_id == _RUN_PARAMETER)

TextsByRun = Mapping[int, tuple[str, ...]]
Score = tuple[float, float, float, float]
"""Best, last, lowest and highest value of a series."""


def select(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> tuple[list[RunRecord], Damage]:
    """Select the runs that meet the conditions, newest first; return the damage of those that were left out."""
    run_ids = sa.select(RUN.c.id).where(*conditions)
    rows, damage = select_rows(connection, _RECORD.order_by(RUN.c.id.desc()), RUN.c.id, run_ids if conditions else None)
    tasks, bad_tasks = _group_texts(*select_rows(connection, _TASKS, TASK.c.run_id, run_ids if conditions else None))
    tags, bad_tags = _group_texts(*select_rows(connection, _TAGS, TAG.c.run_id, run_ids if conditions else None))
    damage |= bad_tasks | bad_tags
    records = []
    parser = _JsonParser()
    for row in rows:
        run = row[0]
        if run in damage:
            continue
        if problem := _find_damage(row):
            damage[run] = problem
            continue
        try:
            records.append(_make_record(row, tasks, tags, parser))
        except (ValueError, TypeError, RecursionError) as error:
            damage[run] = shorten(error)
    if damage:
        records.sort(key=lambda record: -record.id)
    return records, damage


def select_one(connection: sa.Connection, run: int) -> RunRecord:
    """Select one run; fast, as it is called several times a second while a run trains.

    Raises:
        InputError: There is no such run.
        StoreError: It is damaged.
    """
    parameters = {"of_run": run}
    row = connection.execute(_ONE_RECORD, parameters).one_or_none()
    if row is None:
        raise missing_run_error(run)
    if problem := _find_damage(row):
        raise damage_error(run, problem)
    tasks, bad_tasks = _group_texts(connection.execute(_TASKS_OF_RUN, parameters), {})
    tags, bad_tags = _group_texts(connection.execute(_TAGS_OF_RUN, parameters), {})
    for problem in (bad_tasks | bad_tags).values():
        raise damage_error(run, problem)
    try:
        return _make_record(row, tasks, tags, _JsonParser())
    except (ValueError, TypeError, RecursionError) as error:
        raise damage_error(run, shorten(error)) from None


def select_summaries(connection: sa.Connection, runs: Sequence[int] | None) -> tuple[dict[int, list[Summary]], Damage]:
    """Select the summaries of runs, None for all, by run; without those of damaged runs."""
    rows, damage = select_rows(connection, _SUMMARIES, SUMMARY.c.run_id, runs)
    series, damaged_series = read_summaries(rows)
    return series, damage | damaged_series


def read_summaries(rows: Iterable[Any]) -> tuple[dict[int, list[Summary]], Damage]:
    """Convert rows of ``summaries`` to records, by run; without those of damaged runs."""
    by_run: dict[int, list[Summary]] = {}
    damage: Damage = {}
    for row in rows:
        column = _SUMMARY_CHECK.wrong_column(row)
        if column < 0 and row.direction not in _DIRECTIONS:
            column = row._fields.index("direction")
        if column >= 0:
            damage[row.run_id] = f"a series with {row._fields[column]} {shorten(row[column], 40)}"
        else:
            by_run.setdefault(row[0], []).append(Summary(*row))
    return {run: series for run, series in by_run.items() if run not in damage}, damage


def select_scores(
    connection: sa.Connection,
    runs: Sequence[int] | None,
    splits: Collection[str],
    keys: dict[tuple[str, str, str], SeriesKey],
    *,
    metrics: Collection[str],
    directed: bool,
) -> tuple[dict[int, dict[SeriesKey, Score]], Damage]:
    """Select the best, last, lowest and highest value of every series, by run; without those of damaged runs.

    They are plain tuples with shared keys, as ten thousand runs have hundreds of thousands of them.

    Args:
        connection: Connection to the store.
        runs: Numbers of the runs; None for all.
        splits: Only series of these splits; empty for all.
        keys: Cache of the keys; new ones are added.
        metrics: Only series of these metrics; empty for all.
        directed: Whether to leave out series without a direction.
    """
    query = _SCORES.where(SUMMARY.c.split.in_(splits)) if splits else _SCORES
    query = query.where(SUMMARY.c.metric.in_(metrics)) if metrics else query
    query = query.where(SUMMARY.c.direction != "") if directed else query
    rows, damage = select_rows(connection, query, SUMMARY.c.run_id, runs)
    by_run: dict[int, dict[SeriesKey, Score]] = {}
    current, series = None, {}
    for run, task, split, metric, *values in rows:
        if run != current:
            current, series = run, by_run.setdefault(run, {})
        name = (task, split, metric)
        key = keys.get(name)
        if key is None:
            key = keys[name] = SeriesKey(*name)
        try:
            best, last, lowest, highest = values
            series[key] = (
                _NAN if best is None else best + 0.0,
                _NAN if last is None else last + 0.0,
                _NAN if lowest is None else lowest + 0.0,
                _NAN if highest is None else highest + 0.0,
            )
        except TypeError:
            damage[run] = f"a value of {', '.join(map(str, key))}"
    for name in [name for name in keys if not all(isinstance(part, str) for part in name)]:
        damage |= {run: "the name of a series" for run, series in by_run.items() if name in series}
        del keys[name]
    return {run: series for run, series in by_run.items() if run not in damage} if damage else by_run, damage


def select_score_metrics(
    connection: sa.Connection, runs: Sequence[int], cache: dict[str, Mapping[str, str]]
) -> dict[int, Mapping[str, str]]:
    """Select the score metric of each task, by run and task; without runs whose spec is damaged.

    Args:
        connection: Connection to the store.
        runs: Numbers of the runs.
        cache: Results by the tasks of a spec as text; new ones are added.
    """
    spec = sa.type_coerce(RUN.c.spec, sa.Text)
    tasks: sa.ColumnElement[str]
    if connection.dialect.name == "sqlite":
        tasks = sa.case((sa.func.json_valid(spec) == 1, sa.func.json_extract(spec, "$.tasks")))
    else:
        tasks = sa.cast(sa.cast(spec, sa.JSON)["tasks"], sa.Text)
    rows, _ = select_rows(connection, sa.select(RUN.c.id, tasks), RUN.c.id, runs)
    for text in {text for _, text in rows if isinstance(text, str)} - cache.keys():
        cache[text] = _score_metrics(text)
    return {run: metrics for run, text in rows if (metrics := cache.get(text))}


def _score_metrics(tasks: str) -> Mapping[str, str]:
    """Return the same as ``BaseTask.score_metric``, without validation: it takes seconds for ten thousand specs."""
    try:
        return {str(task["name"]): str(task.get("score") or task["metrics"][0]) for task in json.loads(tasks)}
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return {}


class _JsonParser:
    """Parses the JSON columns; equal texts, as of most runs, are parsed only once."""

    def __init__(self) -> None:
        self._objects: dict[str | None, Any] = {}
        self._progress: dict[str, Progress] = {}

    def versions(self, text: str | None) -> dict[str, str]:
        """Parse the versions of libraries."""
        if text not in self._objects:
            data = json.loads(text) if text is not None else {}
            if not isinstance(data, dict):
                raise TypeError("versions")
            self._objects[text] = data
        versions: dict[str, str] = self._objects[text]
        return versions

    def progress(self, text: str | None) -> Progress | None:
        """Parse the progress of a run."""
        if text is None:
            return None
        if text in self._progress:
            return self._progress[text]
        data = json.loads(text)
        if data is None:
            return None
        progress = Progress(**data)
        if not all(type(value) in _NUMBER for value in data.values()):
            raise TypeError("progress")
        self._progress[text] = progress
        return progress


def _find_damage(row: Sequence[Any]) -> str:
    """Return what is wrong with a row of ``runs``; empty if nothing is."""
    column = _RECORD_CHECK.wrong_column(row)
    if column >= 0:
        return f"{_COLUMNS[column]} {shorten(row[column], 40)}"
    if row[_STATE] not in RUN_STATES:
        return f"state {shorten(row[_STATE], 40)}"
    for i in _TIMES:
        if row[i] is not None and not -_MAX_TIME < row[i] < _MAX_TIME:
            return f"{_COLUMNS[i]} {row[i]}"
    return ""


def _make_record(row: Sequence[Any], tasks: TextsByRun, tags: TextsByRun, parser: _JsonParser) -> RunRecord:
    *plain, progress, versions = row
    run = row[0]
    return RunRecord(
        **dict(zip(_PLAIN_COLUMNS, plain, strict=True)),
        tasks=tasks.get(run, ()),
        tags=tags.get(run, ()),
        versions=parser.versions(versions),
        progress=parser.progress(progress),
    )


def _group_texts(rows: Iterable[Any], damage: Damage) -> tuple[TextsByRun, Damage]:
    """Group the names of tasks, or tags, by run."""
    by_run: dict[int, list[str]] = defaultdict(list)
    for run, text in rows:
        if type(text) is not str:
            damage[run] = f"a task or tag {shorten(text, 40)}"
        by_run[run].append(text)
    return {run: tuple(texts) for run, texts in by_run.items()}, damage
