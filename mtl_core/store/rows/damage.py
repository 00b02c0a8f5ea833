"""Reading rows of which some may be damaged: what is whole is read, and what is not is told by run."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from mtl_core.errors import StoreError, shorten

Damage = dict[int, str]
"""What is wrong with the rows of a run, by the number of the run."""

_UNREADABLE = "could not decode"  # SQLite of a text that is not UTF-8; it names the column and not the row
_AT_ONCE = 5000  # databases limit the number of values in a statement


def error_of(run: int, what: str) -> StoreError:
    """The error to raise when a run that was asked for is damaged."""
    return StoreError(f"run {run}", "is damaged in the store", found=what, fix="Restore the store from a copy.")


def select_rows(
    connection: sa.Connection,
    query: sa.Select[Any],
    run_id: sa.ColumnElement[int],
    runs: Sequence[int] | sa.Select[Any] | None = None,
) -> tuple[list[Any], Damage]:
    """Rows of some runs, without those of runs that have a text that cannot be read.

    Args:
        connection: To the store.
        query: Selects the rows of all runs.
        run_id: The column with the number of the run.
        runs: Numbers of runs, in order, or a query that selects them; None for all.

    Returns:
        The rows, and which runs were left out and why.
    """
    if runs is None or isinstance(runs, sa.Select):
        limited = query if runs is None else query.where(run_id.in_(runs))
        try:
            return list(connection.execute(limited).all()), {}
        except sa.exc.DBAPIError as error:
            if _UNREADABLE not in str(error).lower():
                raise
        runs = sorted(set(connection.scalars(limited.with_only_columns(run_id).order_by(None))))
    rows: list[Any] = []
    damage: Damage = {}
    # Where reading some runs together fails, either half of them is read, down to the runs that are at fault.
    parts = [runs[start : start + _AT_ONCE] for start in range(0, len(runs), _AT_ONCE)][::-1]
    while parts:
        part = parts.pop()
        try:
            rows += connection.execute(query.where(run_id.in_(part))).all()
        except sa.exc.DBAPIError as error:
            if _UNREADABLE not in str(error).lower():
                raise
            if len(part) == 1:
                damage[part[0]] = shorten(str(error.orig))
            else:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
    return rows, damage


class RowCheck:
    """Tells rows with values of a wrong type, which SQLite lets stand in any column, by the types of a whole row.

    Args:
        kinds: For each column what its value may be.
    """

    def __init__(self, kinds: Sequence[tuple[type, ...]]) -> None:
        self._kinds = kinds
        self._known: dict[tuple[type, ...], int] = {}

    def wrong_column(self, row: Sequence[Any]) -> int:
        """The first column whose value is of a wrong type, or -1."""
        types = tuple(map(type, row))
        found = self._known.get(types)
        if found is None:
            found = next((i for i, (t, kinds) in enumerate(zip(types, self._kinds, strict=True)) if t not in kinds), -1)
            self._known[types] = found
        return found
