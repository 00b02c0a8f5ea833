"""What is asked of a run, and what happened in it."""

import time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mtl_core.errors import InputError
from mtl_core.protocol.states import END_STATES
from mtl_core.store.records import EventRecord, RequestRecord
from mtl_core.store.rows import runs
from mtl_core.store.tables import EVENT, REQUEST

if TYPE_CHECKING:  # whoever only reads runs need not wait for the classes of the messages
    from mtl_core.protocol.events import Event
    from mtl_core.protocol.requests import Request

_WAITING = sa.and_(REQUEST.c.run_id == sa.bindparam("of_run"), REQUEST.c.taken.is_(None))
_SOME = sa.select(REQUEST.c.id).where(_WAITING).limit(1)
_TAKE = (
    sa.select(REQUEST.c.id, REQUEST.c.run_id, REQUEST.c.kind, REQUEST.c.payload, REQUEST.c.time)
    .where(_WAITING)
    .order_by(REQUEST.c.id)
    .with_for_update()
)
_TAKEN = sa.update(REQUEST).where(_WAITING).values(taken=sa.bindparam("now"))
_EVENTS = (
    sa.select(EVENT)
    .where(EVENT.c.run_id == sa.bindparam("of_run"), EVENT.c.id > sa.bindparam("after"))
    .order_by(EVENT.c.id)
)


def ask(connection: sa.Connection, run: int, request: "Request") -> None:
    """Ask something of a run that has not ended.

    Raises:
        InputError: There is no such run, or it has ended.
    """
    state = runs.lock(connection, run)["state"]
    if state in END_STATES:
        raise InputError(f"run {run}", "is not running", found=f"state {state}")
    row = {"run_id": run, "kind": request.kind, "payload": request.payload(), "time": time.time()}
    connection.execute(sa.insert(REQUEST).values(row))


def waiting(connection: sa.Connection, run: int) -> bool:
    """Whether something is asked of a run."""
    return connection.scalar(_SOME, {"of_run": run}) is not None


def take(connection: sa.Connection, run: int) -> list[RequestRecord]:
    """What was asked of a run since the last time, in order; whoever takes it is the only one."""
    runs.lock(connection, run)
    rows = connection.execute(_TAKE, {"of_run": run}).all()
    forget(connection, run)
    return [RequestRecord(*row) for row in rows]


def forget(connection: sa.Connection, run: int) -> None:
    """Let nobody take what was asked of a run until now."""
    connection.execute(_TAKEN, {"of_run": run, "now": time.time()})


def tell(connection: sa.Connection, run: int, event: "Event") -> None:
    """Write down that something happened in a run."""
    runs.lock(connection, run)
    row = {"step": event.step, "kind": event.kind, "message": event.message, "data": event.row_data()}
    connection.execute(sa.insert(EVENT).values({"run_id": run, **row, "time": time.time()}))


def told(connection: sa.Connection, run: int, after: int) -> list[EventRecord]:
    """What happened in a run after an event."""
    return [EventRecord(*row) for row in connection.execute(_EVENTS, {"of_run": run, "after": after})]
