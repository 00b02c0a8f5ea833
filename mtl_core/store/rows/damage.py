"""Selection of rows of which some may be damaged: the others are read, and the damage is reported by run."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from mtl_core.errors import StoreError, shorten

Damage = dict[int, str]
"""Description of what is wrong with the rows of a run, by number of the run."""

_UNREADABLE = "could not decode"  # SQLite's error for text that is not UTF-8; it names the column and not the row
_BATCH = 5000  # databases limit the number of values in a statement


def damage_error(run: int, description: str) -> StoreError:
    """Return the error to raise if a requested run is damaged."""
    return StoreError(f"run {run}", "is damaged in the store", found=description, fix="Restore the store from a copy.")


def select_rows(
    connection: sa.Connection,
    query: sa.Select[Any],
    run_id: sa.ColumnElement[int],
    runs: Sequence[int] | sa.Select[Any] | None = None,
) -> tuple[list[Any], Damage]:
    """Select rows of runs, except those of runs that have a text that cannot be decoded.

    Args:
        connection: Connection to the store.
        query: Selects the rows of all runs.
        run_id: The column with the number of the run.
        runs: Numbers of runs, in order, or a query that selects them; None for all.

    Returns:
        The rows, and the damage of the runs that were left out.
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
    # If selecting a batch fails, it is split in halves, down to the damaged runs.
    batches = [runs[start : start + _BATCH] for start in range(0, len(runs), _BATCH)][::-1]
    while batches:
        batch = batches.pop()
        try:
            rows += connection.execute(query.where(run_id.in_(batch))).all()
        except sa.exc.DBAPIError as error:
            if _UNREADABLE not in str(error).lower():
                raise
            if len(batch) == 1:
                damage[batch[0]] = shorten(str(error.orig))
            else:
                middle = len(batch) // 2
                batches += [batch[middle:], batch[:middle]]
    return rows, damage


class RowCheck:
    """Detects rows with values of a wrong type, which SQLite accepts in any column.

    Args:
        column_types: The allowed types of each column.
    """

    def __init__(self, column_types: Sequence[tuple[type, ...]]) -> None:
        self._column_types = column_types
        self._cache: dict[tuple[type, ...], int] = {}  # result by the types of a row, of which there are few

    def wrong_column(self, row: Sequence[Any]) -> int:
        """Return the index of the first column with a value of a wrong type, or -1."""
        types = tuple(map(type, row))
        column = self._cache.get(types)
        if column is None:
            pairs = zip(types, self._column_types, strict=True)
            column = next((i for i, (actual, allowed) in enumerate(pairs) if actual not in allowed), -1)
            self._cache[types] = column
        return column
