"""Rows of runs: making them, changing them, reading them as records."""

import json
import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from mtl_core.spec import ExperimentSpec, InputError, flatten, spec_to_data
from mtl_core.store.records import Progress, RunRecord, Summary
from mtl_core.store.tables import RUN, SETTING, SUMMARY, TAG, TASK

_PLAIN = tuple(
    name for name in RunRecord.__dataclass_fields__ if name in RUN.c and name not in {"progress", "versions"}
)
_RECORD = sa.select(*(RUN.c[name] for name in _PLAIN), RUN.c.progress, RUN.c.versions)
_LIFE = ("id", "state", "pid", "host", "process_started", "heartbeat", "started")
LIFE = sa.select(*(RUN.c[name] for name in _LIFE))  # what tells whether a run lives
_THIS = RUN.c.id == sa.bindparam("of_run")
_ONE = _RECORD.where(_THIS)
_ITS_TASKS = sa.select(TASK.c.name).where(TASK.c.run_id == sa.bindparam("of_run")).order_by(TASK.c.position)
_ITS_TAGS = sa.select(TAG.c.tag).where(TAG.c.run_id == sa.bindparam("of_run")).order_by(TAG.c.tag)
_EXISTS = sa.select(RUN.c.id).where(_THIS)
_AT_ONCE = 5000  # databases limit the number of values in a statement
_LOOK = LIFE.where(_THIS)
_LOCK = _LOOK.with_for_update()


def no_such_run(run: int) -> InputError:
    """What is said when a run is not in the store."""
    return InputError(f"run {run}", "there is no such run in this store", fix="List them with: mtl-workbench runs.")


def insert(
    connection: sa.Connection,
    spec: ExperimentSpec,
    *,
    device: str = "",
    versions: Mapping[str, str] | None = None,
    parent: int | None = None,
    baseline: str = "",
) -> int:
    """Write a queued run with its tasks and settings; its number."""
    data = spec_to_data(spec)
    if parent is not None:
        lock(connection, parent)
    row = _blank(data) | {"device": device, "versions": dict(versions or {}), "parent": parent, "baseline": baseline}
    inserted = connection.execute(sa.insert(RUN).values(row))
    run = int(inserted.inserted_primary_key[0])  # type: ignore[index]  # a row was inserted
    tasks = enumerate(data["tasks"])
    connection.execute(
        sa.insert(TASK), [{"run_id": run, "position": i, "name": t["name"], "kind": t["kind"]} for i, t in tasks]
    )
    connection.execute(sa.insert(SETTING), [_setting(run, path, value) for path, value in flatten(data).items()])
    return run


def join_study(connection: sa.Connection, run: int, first: int | None) -> int:
    """Make a run part of the study that a run belongs to or begins; without one it begins its own. The study's number.

    Raises:
        InputError: There is no such run.
    """
    if first is None:
        first = run
    lock(connection, first)
    study = connection.scalar(sa.select(RUN.c.study).where(RUN.c.id == first)) or first
    change(connection, first, study=study)
    change(connection, run, study=study)
    return int(study)


def select(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[RunRecord]:
    """The runs that meet some conditions, newest first."""
    chosen = sa.select(RUN.c.id).where(*conditions)
    tasks = _words(connection, sa.select(TASK.c.run_id, TASK.c.name).order_by(TASK.c.run_id, TASK.c.position), chosen)
    tags = _words(connection, sa.select(TAG.c.run_id, TAG.c.tag).order_by(TAG.c.run_id, TAG.c.tag), chosen)
    rows = connection.execute(_RECORD.where(*conditions).order_by(RUN.c.id.desc()))
    return [_record(row, tasks, tags) for row in rows.mappings()]


def one(connection: sa.Connection, run: int) -> RunRecord:
    """One run, as it is looked up several times a second while it trains.

    Raises:
        InputError: There is no such run.
    """
    this = {"of_run": run}
    row = connection.execute(_ONE, this).mappings().one_or_none()
    if row is None:
        raise no_such_run(run)
    tasks, tags = (tuple(connection.scalars(words, this)) for words in (_ITS_TASKS, _ITS_TAGS))
    return _record(row, {run: tasks}, {run: tags})


def lock(connection: sa.Connection, run: int) -> sa.RowMapping:
    """Take a run for this transaction; the columns of ``LIFE``.

    Its writers so take turns, which makes the numbers of its chunks and events grow in the order of commits.

    Raises:
        InputError: There is no such run.
    """
    return _life(connection, _LOCK, run)


def look(connection: sa.Connection, run: int) -> sa.RowMapping:
    """The columns of ``LIFE`` of a run, without taking it.

    Raises:
        InputError: There is no such run.
    """
    return _life(connection, _LOOK, run)


def _life(connection: sa.Connection, statement: sa.Select[Any], run: int) -> sa.RowMapping:
    row = connection.execute(statement, {"of_run": run}).mappings().one_or_none()
    if row is None:
        raise no_such_run(run)
    return row


def must_exist(connection: sa.Connection, run: int) -> None:
    """See that there is a run.

    Raises:
        InputError: There is no such run.
    """
    if connection.scalar(_EXISTS, {"of_run": run}) is None:
        raise no_such_run(run)


def set_tags(connection: sa.Connection, run: int, tags: Iterable[str]) -> None:
    """Give a run these tags and no others."""
    connection.execute(sa.delete(TAG).where(TAG.c.run_id == run))
    words = sorted({" ".join(tag.split()) for tag in tags} - {""})
    if words:
        connection.execute(sa.insert(TAG), [{"run_id": run, "tag": word} for word in words])


def summaries(connection: sa.Connection, numbers: Sequence[int] | None) -> Iterator[Summary]:
    """The series of some runs, or of all, in one row each."""
    query = sa.select(SUMMARY).order_by(SUMMARY.c.run_id, SUMMARY.c.task, SUMMARY.c.split, SUMMARY.c.metric)
    if numbers is None:
        yield from (Summary(*row) for row in connection.execute(query))
        return
    for start in range(0, len(numbers), _AT_ONCE):
        some = query.where(SUMMARY.c.run_id.in_(numbers[start : start + _AT_ONCE]))
        yield from (Summary(*row) for row in connection.execute(some))


def change(connection: sa.Connection, run: int, **columns: Any) -> None:
    """Set some columns of a run.

    Raises:
        InputError: There is no such run.
    """
    if not connection.execute(sa.update(RUN).where(RUN.c.id == run).values(columns)).rowcount:
        raise no_such_run(run)


def _blank(data: Mapping[str, Any]) -> dict[str, Any]:
    dataset = data["dataset"]
    return {
        "name": data["name"],
        "state": "queued",
        "spec": data,
        "method": data["weighting"]["kind"],
        "dataset": dataset.get("name") or str(dataset.get("path", "")).replace("\\", "/").rpartition("/")[2],
        "seed": data["training"]["seed"],
        "fingerprint": "",
        "created": time.time(),
        "seconds": 0.0,
        "process_started": "",
        "host": "",
        "error": "",
        "notes": "",
        "starred": False,
        "archived": False,
        "folder": "",
        "rewinds": 0,
    }


def _setting(run: int, path: str, value: Any) -> dict[str, Any]:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    return {"run_id": run, "path": path, "text": text, "number": number if math.isfinite(number) else None}


def _words(connection: sa.Connection, words: Any, chosen: Any) -> dict[int, tuple[str, ...]]:
    """Tasks or tags by run."""
    column = words.selected_columns.run_id
    found: dict[int, list[str]] = defaultdict(list)
    for run, word in connection.execute(words.where(column.in_(chosen))):
        found[run].append(word)
    return {run: tuple(parts) for run, parts in found.items()}


def _record(row: Mapping[Any, Any], tasks: Mapping[int, Any], tags: Mapping[int, Any]) -> RunRecord:
    plain = {name: row[name] for name in _PLAIN}
    run = plain["id"]
    progress = row["progress"]
    return RunRecord(
        **plain,
        tasks=tasks.get(run, ()),
        tags=tags.get(run, ()),
        versions=row["versions"],
        progress=None if progress is None else Progress(**progress),
    )
