"""Rows of runs: inserting, locking and updating them."""

import json
import math
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from mtl_core.errors import InputError
from mtl_core.store.tables import RUN, SETTING, TAG, TASK

if TYPE_CHECKING:  # importing the classes of the spec would slow down listing runs
    from mtl_core.spec import ExperimentSpec

_STATE_COLUMNS = ("id", "state", "pid", "host", "process_started", "heartbeat", "started")
STATE_QUERY = sa.select(*(RUN.c[name] for name in _STATE_COLUMNS))
_IS_RUN = RUN.c.id == sa.bindparam("of_run")
_EXISTS = sa.select(RUN.c.id).where(_IS_RUN)
_SELECT_STATE = STATE_QUERY.where(_IS_RUN)
_LOCK_STATE = _SELECT_STATE.with_for_update()


def missing_run_error(run: int) -> InputError:
    """Return the error to raise if the store has no such run."""
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
    """Insert a queued run with its tasks and settings; return its number."""
    from mtl_core.spec import flatten, spec_to_data

    data = spec_to_data(spec)
    if parent is not None:
        lock(connection, parent)
    row = queued_row(data) | {
        "device": device,
        "versions": dict(versions or {}),
        "parent": parent,
        "baseline": baseline,
    }
    inserted = connection.execute(sa.insert(RUN).values(row))
    run = int(inserted.inserted_primary_key[0])  # type: ignore[index]  # a row was inserted
    tasks = enumerate(data["tasks"])
    connection.execute(
        sa.insert(TASK), [{"run_id": run, "position": i, "name": t["name"], "kind": t["kind"]} for i, t in tasks]
    )
    connection.execute(sa.insert(SETTING), [setting_row(run, path, value) for path, value in flatten(data).items()])
    return run


def join_study(connection: sa.Connection, run: int, first: int | None) -> int:
    """Add a run to a study; return the number of the study.

    Args:
        connection: Connection to the store.
        run: The run.
        first: A run of the study, which starts one if it is in none; None if ``run`` starts its own.

    Raises:
        InputError: There is no such run.
    """
    if first is None:
        first = run
    lock(connection, first)
    study = connection.scalar(sa.select(RUN.c.study).where(RUN.c.id == first)) or first
    update(connection, first, study=study)
    update(connection, run, study=study)
    return int(study)


def lock(connection: sa.Connection, run: int) -> sa.RowMapping:
    """Lock the row of a run for this transaction; return the columns of ``STATE_QUERY``.

    So the ids of its chunks and events increase in the order of commits.

    Raises:
        InputError: There is no such run.
    """
    return _execute_state_query(connection, _LOCK_STATE, run)


def select_state(connection: sa.Connection, run: int) -> sa.RowMapping:
    """Select the columns of ``STATE_QUERY`` of a run, without locking it.

    Raises:
        InputError: There is no such run.
    """
    return _execute_state_query(connection, _SELECT_STATE, run)


def _execute_state_query(connection: sa.Connection, statement: sa.Select[Any], run: int) -> sa.RowMapping:
    row = connection.execute(statement, {"of_run": run}).mappings().one_or_none()
    if row is None:
        raise missing_run_error(run)
    return row


def check_exists(connection: sa.Connection, run: int) -> None:
    """Check that a run exists.

    Raises:
        InputError: There is no such run.
    """
    if connection.scalar(_EXISTS, {"of_run": run}) is None:
        raise missing_run_error(run)


def set_tags(connection: sa.Connection, run: int, tags: Iterable[str]) -> None:
    """Replace the tags of a run."""
    connection.execute(sa.delete(TAG).where(TAG.c.run_id == run))
    normalized = sorted({" ".join(tag.split()) for tag in tags} - {""})
    if normalized:
        connection.execute(sa.insert(TAG), [{"run_id": run, "tag": tag} for tag in normalized])


def update(connection: sa.Connection, run: int, **columns: Any) -> None:
    """Update columns of a run.

    Raises:
        InputError: There is no such run.
    """
    if not connection.execute(sa.update(RUN).where(RUN.c.id == run).values(columns)).rowcount:
        raise missing_run_error(run)


def queued_row(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a queued run.

    Args:
        data: Its spec as plain data.
    """
    dataset = data["dataset"]
    return {
        "name": data["name"],
        "state": "queued",
        "spec": data,
        "method": data["weighting"]["kind"],
        "dataset": dataset.get("name")
        or str(dataset.get("path", "")).replace("\\", "/").rpartition("/")[2]
        or dataset["kind"],
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
    """Return the row of a setting: a leaf of a run's spec."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    return {"run_id": run, "path": path, "text": text, "number": number if math.isfinite(number) else None}
