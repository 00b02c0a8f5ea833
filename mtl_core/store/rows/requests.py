"""Rows of requests: inserting, taking and discarding them."""

import time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mtl_core.errors import InputError
from mtl_core.protocol.states import END_STATES
from mtl_core.store.records import RequestRecord
from mtl_core.store.rows import runs
from mtl_core.store.tables import REQUEST

if TYPE_CHECKING:  # importing the message classes would slow down listing runs
    from mtl_core.protocol.requests import Request

_PENDING = sa.and_(REQUEST.c.run_id == sa.bindparam("of_run"), REQUEST.c.taken.is_(None))
_SELECT_FIRST_PENDING = sa.select(REQUEST.c.id).where(_PENDING).limit(1)
_SELECT_PENDING = (
    sa.select(REQUEST.c.id, REQUEST.c.run_id, REQUEST.c.kind, REQUEST.c.payload, REQUEST.c.time)
    .where(_PENDING)
    .order_by(REQUEST.c.id)
    .with_for_update()
)
_MARK_TAKEN = sa.update(REQUEST).where(_PENDING).values(taken=sa.bindparam("now"))


def insert(connection: sa.Connection, run: int, request: "Request") -> None:
    """Insert a request to a run that has not ended.

    Raises:
        InputError: There is no such run, or it has ended.
    """
    state = runs.lock(connection, run)["state"]
    if state in END_STATES:
        raise InputError(f"run {run}", "is not running", found=f"state {state}")
    row = {"run_id": run, "kind": request.kind, "payload": request.payload(), "time": time.time()}
    connection.execute(sa.insert(REQUEST).values(row))


def has_pending(connection: sa.Connection, run: int) -> bool:
    """Whether a run has requests that were not taken yet."""
    return connection.scalar(_SELECT_FIRST_PENDING, {"of_run": run}) is not None


def take(connection: sa.Connection, run: int) -> list[RequestRecord]:
    """Select the pending requests of a run, in order, and mark them as taken."""
    runs.lock(connection, run)
    rows = connection.execute(_SELECT_PENDING, {"of_run": run}).all()
    discard_pending(connection, run)
    return [RequestRecord(*row) for row in rows]


def discard_pending(connection: sa.Connection, run: int) -> None:
    """Mark the pending requests of a run as taken, so that nobody will take them."""
    connection.execute(_MARK_TAKEN, {"of_run": run, "now": time.time()})
