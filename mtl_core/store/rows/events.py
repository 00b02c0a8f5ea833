"""Rows of events: inserting and selecting them."""

import time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mtl_core.errors import InputError
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


def copy(connection: sa.Connection, source: int, run: int, condition: sa.ColumnElement[bool]) -> None:
    """Copy the events of a run that meet a condition to another one, with their times."""
    columns = [column for column in EVENT.c if column.name not in ("id", "run_id")]
    query = sa.select(*columns).where(EVENT.c.run_id == source, condition).order_by(EVENT.c.id)
    if rows := [{"run_id": run, **row} for row in connection.execute(query).mappings()]:
        connection.execute(sa.insert(EVENT), rows)


def edit(connection: sa.Connection, run: int, event: int, message: str | None) -> None:
    """Change the message of a person's note on a step, or remove the note if ``message`` is None.

    Raises:
        InputError: The run has no such note.
    """
    runs.lock(connection, run)
    note = (EVENT.c.run_id == run, EVENT.c.id == event, EVENT.c.kind == "remark")
    statement = (
        sa.delete(EVENT).where(*note) if message is None else sa.update(EVENT).where(*note).values(message=message)
    )
    if not connection.execute(statement).rowcount:
        raise InputError(f"run {run}", "has no such note any more", found=event)


def select(connection: sa.Connection, run: int, after: int) -> list[EventRecord]:
    """Select the events of a run with ids above ``after``, in order."""
    return [EventRecord(*row) for row in connection.execute(_SELECT, {"of_run": run, "after": after})]
