"""Reading runs as records: one, or thousands in one pass, of which damaged ones are left out."""

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
from mtl_core.store.rows.damage import Damage, RowCheck, error_of, select_rows
from mtl_core.store.rows.runs import no_such_run
from mtl_core.store.tables import RUN, SUMMARY, TAG, TASK

_NAN = math.nan
_NONE = type(None)
_TEXT, _INTEGER, _NUMBER, _FLAG = (str,), (int,), (float, int), (bool,)
_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("id", "seed"), _INTEGER),
    **dict.fromkeys(("pid", "parent", "study"), (int, _NONE)),
    **dict.fromkeys(("created", "seconds"), _NUMBER),
    **dict.fromkeys(("started", "finished", "heartbeat"), (float, int, _NONE)),
    **dict.fromkeys(("starred", "archived"), _FLAG),
}
_JSON = ("progress", "versions")
_PLAIN = tuple(name for name in RunRecord.__dataclass_fields__ if name in RUN.c and name not in _JSON)
_TIMES = tuple(_PLAIN.index(name) for name in ("created", "started", "finished", "heartbeat"))
_STATE = _PLAIN.index("state")
_LATEST = 1e11  # seconds since 1970, in the year 5138: what the functions for dates of every system can take
# The two JSON columns as text: they are read here, so that one that is damaged does not keep the others from it.
_RECORD = sa.select(*(RUN.c[name] for name in _PLAIN), *(sa.type_coerce(RUN.c[name], sa.Text) for name in _JSON))
_CHECK = RowCheck([*(_KINDS.get(name, _TEXT) for name in _PLAIN), (str, _NONE), (str, _NONE)])
_NAMES = (*_PLAIN, *_JSON)
_TASKS = sa.select(TASK.c.run_id, TASK.c.name).order_by(TASK.c.run_id, TASK.c.position)
_TAGS = sa.select(TAG.c.run_id, TAG.c.tag).order_by(TAG.c.run_id, TAG.c.tag)
_SUMMARIES = sa.select(SUMMARY).order_by(SUMMARY.c.run_id, SUMMARY.c.task, SUMMARY.c.split, SUMMARY.c.metric)
_SCORES = sa.select(
    *(SUMMARY.c[name] for name in ("run_id", "task", "split", "metric")),
    *(sa.type_coerce(SUMMARY.c[name], sa.Double) for name in ("best", "last")),
).order_by(SUMMARY.c.run_id, SUMMARY.c.task, SUMMARY.c.split, SUMMARY.c.metric)
_DIRECTIONS = frozenset(get_args(Direction))
_SUMMARY_CHECK = RowCheck(
    [
        _INTEGER, _TEXT, _TEXT, _TEXT, _TEXT, _INTEGER, _NUMBER, _INTEGER, _NUMBER, _NUMBER, _NUMBER, (int, _NONE),
    ]
)  # fmt: skip
_THIS = sa.bindparam("of_run", type_=sa.Integer)
_ONE = _RECORD.where(RUN.c.id == _THIS)
_ITS_TASKS = _TASKS.where(TASK.c.run_id == _THIS)
_ITS_TAGS = _TAGS.where(TAG.c.run_id == _THIS)

Words = Mapping[int, tuple[str, ...]]
Score = tuple[float, float]
"""Best and last value of a series."""


def select(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> tuple[list[RunRecord], Damage]:
    """The runs that meet some conditions, newest first, without damaged ones; and which these are."""
    chosen = sa.select(RUN.c.id).where(*conditions)
    rows, damage = select_rows(connection, _RECORD.order_by(RUN.c.id.desc()), RUN.c.id, chosen if conditions else None)
    tasks, bad_tasks = _words(*select_rows(connection, _TASKS, TASK.c.run_id, chosen if conditions else None))
    tags, bad_tags = _words(*select_rows(connection, _TAGS, TAG.c.run_id, chosen if conditions else None))
    damage |= bad_tasks | bad_tags
    records = []
    parser = _JsonParser()
    for row in rows:
        run = row[0]
        if run in damage:
            continue
        if problem := _problem(row):
            damage[run] = problem
            continue
        try:
            records.append(_record(row, tasks, tags, parser))
        except (ValueError, TypeError, RecursionError) as error:
            damage[run] = shorten(error)
    if damage:
        records.sort(key=lambda record: -record.id)
    return records, damage


def one(connection: sa.Connection, run: int) -> RunRecord:
    """One run, as it is looked up several times a second while it trains.

    Raises:
        InputError: There is no such run.
        StoreError: It is damaged.
    """
    this = {"of_run": run}
    row = connection.execute(_ONE, this).one_or_none()
    if row is None:
        raise no_such_run(run)
    if problem := _problem(row):
        raise error_of(run, problem)
    tasks, bad_tasks = _words(connection.execute(_ITS_TASKS, this), {})
    tags, bad_tags = _words(connection.execute(_ITS_TAGS, this), {})
    for problem in (bad_tasks | bad_tags).values():
        raise error_of(run, problem)
    try:
        return _record(row, tasks, tags, _JsonParser())
    except (ValueError, TypeError, RecursionError) as error:
        raise error_of(run, shorten(error)) from None


def summaries(connection: sa.Connection, runs: Sequence[int] | None) -> tuple[dict[int, list[Summary]], Damage]:
    """The series of some runs, or of all, in one row each, by run; without those of damaged runs."""
    rows, damage = select_rows(connection, _SUMMARIES, SUMMARY.c.run_id, runs)
    found, wrong = whole_summaries(rows)
    return found, damage | wrong


def whole_summaries(rows: Iterable[Any]) -> tuple[dict[int, list[Summary]], Damage]:
    """Rows of ``summaries`` as records, by run; without those of damaged runs."""
    found: dict[int, list[Summary]] = {}
    damage: Damage = {}
    for row in rows:
        wrong = _SUMMARY_CHECK.wrong_column(row)
        if wrong < 0 and row.direction not in _DIRECTIONS:
            wrong = row._fields.index("direction")
        if wrong >= 0:
            damage[row.run_id] = f"a series with {row._fields[wrong]} {shorten(row[wrong], 40)}"
        else:
            found.setdefault(row[0], []).append(Summary(*row))
    return {run: series for run, series in found.items() if run not in damage}, damage


def scores(
    connection: sa.Connection,
    runs: Sequence[int] | None,
    splits: Collection[str],
    keys: dict[tuple[str, str, str], SeriesKey],
    *,
    metrics: Collection[str],
    directed: bool,
) -> tuple[dict[int, dict[SeriesKey, Score]], Damage]:
    """The best and the last value of every series of some runs, or of all; without those of damaged runs.

    Plain pairs under shared keys: ten thousand runs have hundreds of thousands of them.

    Args:
        connection: To the store.
        runs: Numbers of the runs; None for all.
        splits: Only series of these; empty for all.
        keys: The keys that are known already; added to.
        metrics: Only series of these; empty for all.
        directed: Whether to leave out the series of which neither end is better.
    """
    query = _SCORES.where(SUMMARY.c.split.in_(splits)) if splits else _SCORES
    query = query.where(SUMMARY.c.metric.in_(metrics)) if metrics else query
    query = query.where(SUMMARY.c.direction != "") if directed else query
    rows, damage = select_rows(connection, query, SUMMARY.c.run_id, runs)
    found: dict[int, dict[SeriesKey, Score]] = {}
    latest, series = None, {}
    for run, task, split, metric, best, last in rows:
        if run != latest:
            latest, series = run, found.setdefault(run, {})
        name = (task, split, metric)
        key = keys.get(name)
        if key is None:
            key = keys[name] = SeriesKey(*name)
        try:
            series[key] = (_NAN if best is None else best + 0.0, _NAN if last is None else last + 0.0)
        except TypeError:
            damage[run] = f"a value of {', '.join(map(str, key))}"
    for name in [name for name in keys if not all(isinstance(part, str) for part in name)]:
        damage |= {run: "the name of a series" for run, series in found.items() if name in series}
        del keys[name]
    return {run: series for run, series in found.items() if run not in damage} if damage else found, damage


def score_metrics(
    connection: sa.Connection, runs: Sequence[int], known: dict[str, Mapping[str, str]]
) -> dict[int, Mapping[str, str]]:
    """The metric by which each task of some runs is judged, by run and task; without runs whose spec is damaged.

    Args:
        connection: To the store.
        runs: Numbers of the runs.
        known: What is known already, by the tasks of a spec as text; added to.
    """
    spec = sa.type_coerce(RUN.c.spec, sa.Text)
    tasks: sa.ColumnElement[str]
    if connection.dialect.name == "sqlite":
        tasks = sa.case((sa.func.json_valid(spec) == 1, sa.func.json_extract(spec, "$.tasks")))
    else:
        tasks = sa.cast(sa.cast(spec, sa.JSON)["tasks"], sa.Text)
    rows, _ = select_rows(connection, sa.select(RUN.c.id, tasks), RUN.c.id, runs)
    for text in {text for _, text in rows if isinstance(text, str)} - known.keys():
        known[text] = _score_metrics(text)
    return {run: metrics for run, text in rows if (metrics := known.get(text))}


def _score_metrics(tasks: str) -> Mapping[str, str]:
    """As ``BaseTask.score_metric`` says, without the seconds that it takes to check ten thousand specs."""
    try:
        return {str(task["name"]): str(task.get("score") or task["metrics"][0]) for task in json.loads(tasks)}
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return {}


class _JsonParser:
    """Reads JSON objects; equal texts, such as the versions of most runs, only once."""

    def __init__(self) -> None:
        self._objects: dict[str | None, Any] = {}

    def versions(self, text: str | None) -> dict[str, str]:
        """The versions of libraries."""
        if text not in self._objects:
            data = json.loads(text) if text is not None else {}
            if not isinstance(data, dict):
                raise TypeError("versions")
            self._objects[text] = data
        versions: dict[str, str] = self._objects[text]
        return versions

    def progress(self, text: str | None) -> Progress | None:
        """How far a run has come."""
        data = None if text is None else json.loads(text)
        if data is None:
            return None
        progress = Progress(**data)
        if not all(type(value) in _NUMBER for value in data.values()):
            raise TypeError("progress")
        return progress


def _problem(row: Sequence[Any]) -> str:
    """What is wrong with a row of ``runs``; empty when nothing is."""
    wrong = _CHECK.wrong_column(row)
    if wrong >= 0:
        return f"{_NAMES[wrong]} {shorten(row[wrong], 40)}"
    if row[_STATE] not in RUN_STATES:
        return f"state {shorten(row[_STATE], 40)}"
    for i in _TIMES:
        if row[i] is not None and not -_LATEST < row[i] < _LATEST:
            return f"{_NAMES[i]} {row[i]}"
    return ""


def _record(row: Sequence[Any], tasks: Words, tags: Words, parser: _JsonParser) -> RunRecord:
    *plain, progress, versions = row
    run = row[0]
    return RunRecord(
        **dict(zip(_PLAIN, plain, strict=True)),
        tasks=tasks.get(run, ()),
        tags=tags.get(run, ()),
        versions=parser.versions(versions),
        progress=parser.progress(progress),
    )


def _words(rows: Iterable[Any], damage: Damage) -> tuple[Words, Damage]:
    """Tasks or tags by run."""
    found: dict[int, list[str]] = defaultdict(list)
    for run, word in rows:
        if type(word) is not str:
            damage[run] = f"a task or tag {shorten(word, 40)}"
        found[run].append(word)
    return {run: tuple(words) for run, words in found.items()}, damage
