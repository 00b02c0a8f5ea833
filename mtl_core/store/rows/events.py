"""Rows of events: inserting and selecting them."""

import time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mtl_core.store.records import EventRecord
from mtl_core.store.rows import runs
from mtl_core.store.tables import EVENT

if TYPE_CHECKING:  # importing the message classes would slow down listing runs
    from mtl_core.protocol.events import Event

_SELECT = (
    sa.select(EVENT)
    .where(EVENT.c.run_id == sa.bindparam("of_run"), EVENT.c.id > sa.bindparam("after"))
    .order_by(EVENT.c.id)
)


def insert(connection: sa.Connection, run: int, event: "Event") -> None:
    """Insert an event of a run.

    Raises:
        InputError: There is no such run.
    """
    runs.lock(connection, run)
    row = {"step": event.step, "kind": event.kind, "message": event.message, "data": event.row_data()}
    connection.execute(sa.insert(EVENT).values({"run_id": run, **row, "time": time.time()}))


def select(connection: sa.Connection, run: int, after: int) -> list[EventRecord]:
    """Select the events of a run with ids above ``after``, in order."""
    return [EventRecord(*row) for row in connection.execute(_SELECT, {"of_run": run, "after": after})]
