"""Check of rows that come from elsewhere, before they are inserted into a store."""

import json
import math
from collections.abc import Mapping
from typing import Any

from mtl_core.export.run_file import is_safe_path
from mtl_core.protocol.states import END_STATES
from mtl_core.store.rows.raw_rows import json_columns, nullable_columns, run_column

_INT_LIMIT = 2**63


class RowCheck:
    """Tells whether a row may be inserted into a table.

    Args:
        table: Name of the table.
        columns: The columns that a row has, and the type of their values.
    """

    def __init__(self, table: str, columns: Mapping[str, type]) -> None:
        self._table, self._columns = table, columns
        self._nullable, self._json = nullable_columns(table), json_columns(table)
        self._counts = {"count", "first", run_column(table)}

    def __call__(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a row has all columns, each with a value of its type that has a meaning."""
        return row.keys() == self._columns.keys() and all(map(self._is_valid, row.keys(), row.values()))

    def _is_valid(self, name: str, value: Any) -> bool:
        if value is None:
            return name in self._nullable
        if not self._has_type(value, self._columns[name]):
            return False
        if name in self._json:
            return _is_mapping(value)
        match self._table, name:
            case "runs", "state":
                return value in END_STATES
            case "artifacts", "path":
                return is_safe_path(value)
        return not (name in self._counts and value < 0)

    @staticmethod
    def _has_type(value: Any, kind: type) -> bool:
        if kind is float and type(value) is float:
            return not math.isnan(value)
        if type(value) is int:
            return kind in (int, float) and abs(value) < _INT_LIMIT
        return type(value) is kind


def _is_mapping(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
