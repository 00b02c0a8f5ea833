"""Rows of runs: making, locking and changing them."""

import json
import math
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from mtl_core.errors import InputError
from mtl_core.store.tables import RUN, SETTING, TAG, TASK

if TYPE_CHECKING:  # whoever only reads runs need not wait for the classes of the spec
    from mtl_core.spec import ExperimentSpec

_LIFE = ("id", "state", "pid", "host", "process_started", "heartbeat", "started")
LIFE = sa.select(*(RUN.c[name] for name in _LIFE))  # what tells whether a run lives
_THIS = RUN.c.id == sa.bindparam("of_run")
_EXISTS = sa.select(RUN.c.id).where(_THIS)
_LOOK = LIFE.where(_THIS)
_LOCK = _LOOK.with_for_update()


def no_such_run(run: int) -> InputError:
    """What is said when a run is not in the store."""
    return InputError(f"run {run}", "there is no such run in this store", fix="List them with: mtl-workbench runs.")


def insert(
    connection: sa.Connection,
    spec: "ExperimentSpec",
    *,
    device: str = "",
    versions: Mapping[str, str] | None = None,
    parent: int | None = None,
    baseline: str = "",
) -> int:
    """Write a queued run with its tasks and settings; its number."""
    from mtl_core.spec import flatten, spec_to_data

    data = spec_to_data(spec)
    if parent is not None:
        lock(connection, parent)
    row = blank_row(data) | {"device": device, "versions": dict(versions or {}), "parent": parent, "baseline": baseline}
    inserted = connection.execute(sa.insert(RUN).values(row))
    run = int(inserted.inserted_primary_key[0])  # type: ignore[index]  # a row was inserted
    tasks = enumerate(data["tasks"])
    connection.execute(
        sa.insert(TASK), [{"run_id": run, "position": i, "name": t["name"], "kind": t["kind"]} for i, t in tasks]
    )
    connection.execute(sa.insert(SETTING), [setting_row(run, path, value) for path, value in flatten(data).items()])
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


def change(connection: sa.Connection, run: int, **columns: Any) -> None:
    """Set some columns of a run.

    Raises:
        InputError: There is no such run.
    """
    if not connection.execute(sa.update(RUN).where(RUN.c.id == run).values(columns)).rowcount:
        raise no_such_run(run)


def blank_row(data: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a queued run of a spec."""
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


def setting_row(run: int, path: str, value: Any) -> dict[str, Any]:
    """The row of a leaf of a run's spec."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    return {"run_id": run, "path": path, "text": text, "number": number if math.isfinite(number) else None}
